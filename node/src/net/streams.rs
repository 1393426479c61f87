//! Opens one stream per class in each direction as soon as a connection stands.
//!
//! Invariants: every stream is reported with its connection; a peer that refuses a class's stream,
//! or opens one twice, is reported as an offender. A stream of an unknown name is refused in the
//! negotiation and costs nothing. Absent: reading, writing and closing, which are the service's.
//!
//! `libp2p-stream` is not used: it does not tell from which connection a stream comes, and drops
//! streams silently.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::core::{Endpoint, Multiaddr};
use libp2p::swarm::handler::{
    ConnectionEvent, ConnectionHandler, ConnectionHandlerEvent, FullyNegotiatedInbound,
    FullyNegotiatedOutbound, SubstreamProtocol,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, InvalidProtocol, NetworkBehaviour, Stream,
    StreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{PeerId, swarm};

use super::class::Class;

/// What happened to a connection's streams.
#[derive(Debug)]
pub(super) enum StreamEvent {
    /// The peer opened its stream of this class: we read from it.
    Inbound(Class, Stream),
    /// Our stream of this class is open: we write to it.
    Outbound(Class, Stream),
    /// The peer refused our stream of this class, or did not answer in time.
    Refused(Class),
    /// The peer opened a second stream of this class.
    Repeated(Class),
}

/// One protocol name per class.
#[derive(Clone)]
struct Names([StreamProtocol; Class::COUNT]);

impl Names {
    fn class_of(&self, name: &StreamProtocol) -> Option<Class> {
        Class::ALL.into_iter().find(|class| &self.0[class.index()] == name)
    }
}

/// The behaviour of all connections.
pub(super) struct Behaviour {
    names: Names,
    open_limit: Duration,
    events: VecDeque<(ConnectionId, StreamEvent)>,
    waker: Option<Waker>,
}

impl Behaviour {
    pub(super) fn new(chain: &[u8; 32], open_limit: Duration) -> Result<Self, InvalidProtocol> {
        let [votes, proposals, lanes, sync, private] =
            Class::ALL.map(|class| class.protocol(chain));
        let names = Names([votes?, proposals?, lanes?, sync?, private?]);
        Ok(Self { names, open_limit, events: VecDeque::new(), waker: None })
    }

    fn handler(&self) -> Handler {
        Handler {
            names: self.names.clone(),
            open_limit: self.open_limit,
            to_open: Class::ALL.into(),
            inbound: [false; Class::COUNT],
            events: VecDeque::new(),
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = (ConnectionId, StreamEvent);

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.events.push_back((connection, event));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(ToSwarm::GenerateEvent(event));
        }
        self.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The streams of one connection.
pub(super) struct Handler {
    names: Names,
    open_limit: Duration,
    to_open: VecDeque<Class>,
    inbound: [bool; Class::COUNT],
    events: VecDeque<StreamEvent>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Infallible;
    type ToBehaviour = StreamEvent;
    type InboundProtocol = Offer;
    type OutboundProtocol = Offer;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Class;

    fn listen_protocol(&self) -> SubstreamProtocol<Offer> {
        SubstreamProtocol::new(Offer(self.names.0.to_vec()), ()).with_timeout(self.open_limit)
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Offer, Class, StreamEvent>> {
        if let Some(class) = self.to_open.pop_front() {
            let offer = Offer(vec![self.names.0[class.index()].clone()]);
            let protocol = SubstreamProtocol::new(offer, class).with_timeout(self.open_limit);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        // No waker is kept: streams and their failures arrive only in the task that polls next.
        match self.events.pop_front() {
            Some(event) => Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event)),
            None => Poll::Pending,
        }
    }

    fn on_behaviour_event(&mut self, event: Infallible) {
        match event {}
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Offer, Offer, (), Class>) {
        if let ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
            protocol: (name, stream),
            ..
        }) = event
        {
            let Some(class) = self.names.class_of(&name) else { return };
            let repeated = std::mem::replace(&mut self.inbound[class.index()], true);
            self.events.push_back(if repeated {
                StreamEvent::Repeated(class)
            } else {
                StreamEvent::Inbound(class, stream)
            });
        } else if let ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
            protocol: (_, stream),
            info: class,
        }) = event
        {
            self.events.push_back(StreamEvent::Outbound(class, stream));
        } else if let ConnectionEvent::DialUpgradeError(swarm::handler::DialUpgradeError {
            info: class,
            ..
        }) = event
        {
            self.events.push_back(StreamEvent::Refused(class));
        }
    }
}

/// The protocol names offered in one negotiation; its outcome is the agreed name and the stream.
pub(super) struct Offer(Vec<StreamProtocol>);

impl UpgradeInfo for Offer {
    type Info = StreamProtocol;
    type InfoIter = std::vec::IntoIter<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<Stream> for Offer {
    type Output = (StreamProtocol, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, name: StreamProtocol) -> Self::Future {
        ready(Ok((name, stream)))
    }
}

impl OutboundUpgrade<Stream> for Offer {
    type Output = (StreamProtocol, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, name: StreamProtocol) -> Self::Future {
        ready(Ok((name, stream)))
    }
}
