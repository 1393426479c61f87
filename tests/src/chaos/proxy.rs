//! A TCP proxy for each pair of a node that dials and one that is dialled: it can hold bytes back,
//! delay them, let few of them pass, and break connections, for each direction alone.
//!
//! Whoever stands behind a proxy sees what a bad network shows to a program: silence, lateness,
//! small windows, connections that end. A cut holds bytes back and lets them pass once it is
//! healed, as a sender's retransmissions would. Where packets can be lost for real (`packets`), the
//! proxy leaves loss and cuts to that; otherwise a lost packet is a stall of its connection, which
//! is all of it that reaches a program.
//!
//! Invariants: bytes keep their order; memory is bounded for each connection; dropping the handle
//! ends every connection and socket. Absent: any meaning of bytes.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime::Runtime,
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use super::links::{Link, Links, MOST};
use crate::sim::random::Random;

/// The most bytes that pass as one.
const CHUNK: usize = 8 * 1024;

/// How many chunks may be under way on one direction of a connection.
const UNDER_WAY: usize = 64;

/// How long a sender waits before it sends a lost packet again, at first (Linux: at least 200 ms).
const RETRANSMISSION: Duration = Duration::from_millis(200);

/// Where a proxy stands: between `from`, which dials it, and `to`, which it dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The node that dials.
    pub from: usize,
    /// The node that is dialled.
    pub to: usize,
    /// Where the proxy listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// From which address it dials.
    pub source: IpAddr,
    /// Where the dialled node listens.
    pub target: SocketAddr,
}

/// The proxies of all pairs.
#[derive(Debug)]
pub struct Proxies {
    links: watch::Sender<Links>,
    listening: BTreeMap<(usize, usize), SocketAddr>,
    // Dropping it ends every task.
    _runtime: Runtime,
}

impl Proxies {
    /// Starts a proxy at each place. `loses`: loss and cuts are the proxy's to show.
    ///
    /// # Errors
    /// If a runtime or socket cannot be had.
    pub fn start(places: &[Place], loses: bool) -> io::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (links, seen) = watch::channel(Links::default());
        let mut listening = BTreeMap::new();
        for place in places {
            let listener = runtime.block_on(TcpListener::bind(place.listen))?;
            listening.insert((place.from, place.to), listener.local_addr()?);
            runtime.spawn(serve(listener, *place, loses, seen.clone()));
        }
        Ok(Self { links, listening, _runtime: runtime })
    }

    /// Where the proxy listens that `from` dials to reach `to`.
    #[must_use]
    pub fn address(&self, from: usize, to: usize) -> Option<SocketAddr> {
        self.listening.get(&(from, to)).copied()
    }

    /// Makes the links so from now on.
    pub fn apply(&self, links: Links) {
        self.links.send_replace(links);
    }
}

/// One direction of a proxy, as its tasks see it.
#[derive(Clone)]
struct Direction {
    from: usize,
    to: usize,
    loses: bool,
    links: watch::Receiver<Links>,
}

impl Direction {
    fn now(&self) -> Link {
        self.links.borrow().get(self.from, self.to)
    }

    /// Waits until bytes may pass.
    async fn open(&mut self) {
        while self.loses && self.now().cut {
            // The sender lives as long as the runtime that runs this.
            if self.links.changed().await.is_err() {
                return;
            }
        }
    }

    /// Waits until the link breaks.
    async fn broken(mut self) {
        let before = self.now().breaks;
        while self.now().breaks == before {
            if self.links.changed().await.is_err() {
                return;
            }
        }
    }
}

async fn serve(listener: TcpListener, place: Place, loses: bool, links: watch::Receiver<Links>) {
    debug_assert!(place.from < MOST && place.to < MOST);
    loop {
        let Ok((near, _)) = listener.accept().await else {
            // Out of files, most likely: others end.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let direction = |from, to| Direction { from, to, loses, links: links.clone() };
        let (there, back) = (direction(place.from, place.to), direction(place.to, place.from));
        tokio::spawn(connect(near, place, there, back));
    }
}

async fn connect(near: TcpStream, place: Place, mut there: Direction, mut back: Direction) {
    // The kernel has taken the connection already; the node behind hears of it when it could.
    there.open().await;
    back.open().await;
    let Ok(far) = dial(place).await else { return };
    // Without it small votes would wait for one another.
    let (_near, _far) = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let broken = (there.clone().broken(), back.clone().broken());
    tokio::select! {
        ((), ()) = async {
            tokio::join!(pass(near_read, far_write, there), pass(far_read, near_write, back))
        } => {}
        () = broken.0 => {}
        () = broken.1 => {}
    }
}

async fn dial(place: Place) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(place.source, 0))?;
    socket.connect(place.target).await
}

/// Bytes and when they are due.
type Chunk = (Instant, Vec<u8>);

/// Passes one direction on until it ends.
async fn pass(reader: OwnedReadHalf, writer: OwnedWriteHalf, direction: Direction) {
    let (sender, receiver) = mpsc::channel(UNDER_WAY);
    tokio::join!(take(reader, sender, direction.clone()), give(writer, receiver, direction));
}

async fn take(mut reader: OwnedReadHalf, sender: mpsc::Sender<Chunk>, direction: Direction) {
    let mut random = Random::new(u64::try_from(direction.from * MOST + direction.to).unwrap_or(0));
    let mut buffer = vec![0; CHUNK];
    loop {
        let Ok(count @ 1..) = reader.read(&mut buffer).await else { return };
        let link = direction.now();
        let mut due = Instant::now() + link.delay;
        let mut wait = RETRANSMISSION;
        while direction.loses && random.chance(u64::from(link.loss_per_mille)) {
            due += wait;
            wait *= 2;
        }
        let bytes = buffer.get(..count).unwrap_or_default().to_vec();
        if sender.send((due, bytes)).await.is_err() {
            return;
        }
    }
}

async fn give(
    mut writer: OwnedWriteHalf,
    mut receiver: mpsc::Receiver<Chunk>,
    mut direction: Direction,
) {
    while let Some((due, bytes)) = receiver.recv().await {
        sleep_until(due).await;
        direction.open().await;
        if let Some(rate) = direction.now().bytes_per_second {
            let nanos =
                u64::try_from(bytes.len()).unwrap_or(0) * 1_000_000_000 / u64::from(rate.max(1));
            sleep(Duration::from_nanos(nanos)).await;
        }
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
    direction.open().await;
    // The other side may have closed it already.
    let _closed = writer.shutdown().await;
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
        thread::JoinHandle,
        time::{Duration, Instant},
    };

    use super::{Place, Proxies};
    use crate::chaos::{fault::Fault, links::Links};

    /// Node 1 answers each byte with its successor.
    fn field() -> (Proxies, TcpStream, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut byte = [0];
            while stream.read_exact(&mut byte).is_ok() {
                if stream.write_all(&[byte[0] + 1]).is_err() {
                    return;
                }
            }
        });
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let place = Place { from: 0, to: 1, listen, source: listen.ip(), target };
        let proxies = Proxies::start(&[place], true).unwrap();
        let stream = TcpStream::connect(proxies.address(0, 1).unwrap()).unwrap();
        (proxies, stream, answering)
    }

    fn ask(stream: &mut TcpStream, byte: u8) -> u8 {
        let mut answer = [0];
        stream.write_all(&[byte]).unwrap();
        stream.read_exact(&mut answer).unwrap();
        answer[0]
    }

    fn with(fault: &Fault) -> Links {
        let mut links = Links::default();
        links.add(fault);
        links
    }

    #[test]
    fn bytes_pass_both_ways_and_an_end_too() {
        let (_proxies, mut stream, answering) = field();
        assert_eq!((ask(&mut stream, 1), ask(&mut stream, 9)), (2, 10));
        drop(stream);
        answering.join().unwrap();
    }

    #[test]
    fn a_cut_of_either_direction_holds_bytes_back_until_it_heals() {
        for outward in [true, false] {
            let (proxies, mut stream, _answering) = field();
            assert_eq!(ask(&mut stream, 1), 2);
            proxies.apply(with(&Fault::OneWay { node: 0, outward }));
            stream.write_all(&[5]).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            assert!(stream.read_exact(&mut [0]).is_err(), "{outward}");
            proxies.apply(Links::default());
            stream.set_read_timeout(None).unwrap();
            let mut answer = [0];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(answer, [6]);
        }
    }

    #[test]
    fn delays_add_up_and_narrow_links_take_their_time() {
        let (proxies, mut stream, _answering) = field();
        let delay = Duration::from_millis(40);
        for fault in
            [Fault::Delay { node: None, delay }, Fault::Narrow { node: 0, bytes_per_second: 25 }]
        {
            proxies.apply(with(&fault));
            let begin = Instant::now();
            assert_eq!(ask(&mut stream, 3), 4);
            assert!(begin.elapsed() >= 2 * delay, "{fault} {:?}", begin.elapsed());
        }
    }

    #[test]
    fn a_reset_breaks_connections() {
        let (proxies, mut stream, answering) = field();
        assert_eq!(ask(&mut stream, 1), 2);
        proxies.apply(with(&Fault::Reset(1)));
        assert_ne!(stream.read(&mut [0]).unwrap_or(0), 1);
        answering.join().unwrap();
    }
}
