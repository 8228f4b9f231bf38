//! A UDP server that says what it is told to.

use std::net::UdpSocket;
use std::thread;

/// Answers every datagram by what the function makes of it, perhaps nothing; gives the port on
/// loopback. It ends with the test.
pub fn udp(answer: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    udp_on(socket, answer);
    port
}

/// The same on a socket of the caller's choice.
pub fn udp_on(socket: UdpSocket, mut answer: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static) {
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            for bytes in answer(&buffer[..length]) {
                let _ = socket.send_to(&bytes, client);
            }
        }
    });
}
