#!/bin/sh
# Opens the example network for business once its nodes are ready: a currency and its money, two
# customers' accounts, and the fifth bank, whose node may connect and observe from then on.
# A step that is done is not done again.
set -eu

wallet=$FEIQIAN_HOME

once() {
  step=$1
  shift
  [ -f "$wallet/did-$step" ] || { "$@" && : > "$wallet/did-$step"; }
}

# What the operators of a bank sign: folder of their keys, command.
operator() {
  keys="/members/$1"
  shift
  feiqian --yes "$@" --operator-key "$keys/operator-1.key"
}

admission() {
  feiqian-genesis admit /founding/BOFAUS3N.json > "$wallet/admit.json"
}

chain=$(feiqian-genesis show /founding/genesis.json --id)
profile="api = [\"http://psbccnbj:7680\", \"http://hsbchkhh:7680\", \"http://icbkcnbj:7680\"]
chain_id = \"$chain\""
echo "$profile" > "$wallet/profiles/harbour.toml"
# The light client has a folder of its own: the same network, and no keys.
echo "$profile" > /light/profiles/harbour.toml
# The customers' keys are as public as this passphrase.
echo "harbour settlement" > "$FEIQIAN_PASSWORD_FILE"

once wei feiqian keys new wei
once lee feiqian keys new lee
once currency operator psbccnbj bank register-asset CNY --issuer PSBCCNBJ
once account-wei operator psbccnbj bank open-account --institution PSBCCNBJ --reference wei --key wei
once account-lee operator hsbchkhh bank open-account --institution HSBCHKHH --reference lee --key lee
once money operator psbccnbj bank issue "1000000.00 CNY" --to PSBCCNBJ/wei

# The fifth bank: one proposes, which is a vote; two more make the quorum of three; one enacts.
once admission admission
once proposal operator psbccnbj govern propose "$wallet/admit.json" --institution PSBCCNBJ
once vote-icbkcnbj operator icbkcnbj govern vote 1 --approve --institution ICBKCNBJ
once vote-hsbchkhh operator hsbchkhh govern vote 1 --approve --institution HSBCHKHH
once enactment operator psbccnbj govern enact 1 --institution PSBCCNBJ

echo "open: docker-compose run --rm wallet pay HSBCHKHH/lee '25.00 CNY' --from PSBCCNBJ/wei --yes"
