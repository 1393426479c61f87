#!/bin/sh
# Founds the example network at its first start, as its parties would (docs/operating/genesis.md):
# each makes its own keys and hands over a public file, one collects and seals, each makes its home.
# Here one container plays them all, which no real network may do: each keeps its keys to itself.
#
# Every step is done once, so a founding that was interrupted goes on where it was.
set -eu

network=test
founding=/founding

# Makes the keys of a member and its public file: BIC, folder, name.
join() {
  [ -f "$founding/$1.json" ] || feiqian-genesis join --network "$network" --bic "$1" --name "$3" \
    --roles validator,issuer,dealer --address "$2.peers:7600" \
    --keys "/members/$2" -o "$founding/$1.json"
}

# Checks the sealed document and makes the home of a member's node: BIC, folder, how it starts.
settle() {
  [ -f "/homes/$2/node/node.toml" ] || feiqian-node init --home "/homes/$2/node" \
    --member-keys "/members/$2" --genesis "$founding/genesis.json" --chain-id "$chain" \
    --api 0.0.0.0:7680 --log-format json $3
}

[ -f "$founding/draft.json" ] ||
  feiqian-genesis new "Harbour settlement" --network "$network" -o "$founding/draft.json"

join PSBCCNBJ psbccnbj "Postal Savings Bank of China"
join ICBKCNBJ icbkcnbj "Industrial and Commercial Bank of China"
join HSBCHKHH hsbchkhh "The Hongkong and Shanghai Banking Corporation"
join DBSSSGSG dbsssgsg "DBS Bank"
# It joins later, and only observes: no founder.
join BOFAUS3N bofaus3n "Bank of America"

[ -f "$founding/collected" ] || {
  feiqian-genesis add "$founding/draft.json" "$founding/PSBCCNBJ.json" "$founding/ICBKCNBJ.json" \
    "$founding/HSBCHKHH.json" "$founding/DBSSSGSG.json"
  : > "$founding/collected"
}
[ -f "$founding/genesis.json" ] ||
  feiqian-genesis seal "$founding/draft.json" -o "$founding/genesis.json"

# Each founder checks the document and signs it with its operators' keys; anyone checks the lot.
signatures=
for bic in PSBCCNBJ:psbccnbj ICBKCNBJ:icbkcnbj HSBCHKHH:hsbchkhh DBSSSGSG:dbsssgsg; do
  file="$founding/${bic%%:*}.signature.json"
  [ -f "$file" ] ||
    feiqian-genesis sign "$founding/genesis.json" --keys "/members/${bic##*:}" -o "$file"
  signatures="$signatures --signature $file"
done
feiqian-genesis verify "$founding/genesis.json" --all-signed $signatures
chain=$(feiqian-genesis show "$founding/genesis.json" --id)

for folder in psbccnbj icbkcnbj hsbchkhh dbsssgsg; do
  settle - "$folder" --founding
done
settle - bofaus3n "--joining BOFAUS3N --observer --listen 0.0.0.0:7600"
echo "founded: $chain"
