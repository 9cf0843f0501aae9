//! XChaCha20-Poly1305.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use super::NONCE;

/// Whether anything can be sealed in this build.
pub(crate) const IS_THERE: bool = true;

pub(super) fn encrypt(key: &[u8; 32], nonce: &[u8; NONCE], msg: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
    cipher(key).encrypt(&XNonce::from(*nonce), Payload { msg, aad }).ok()
}

pub(super) fn decrypt(key: &[u8; 32], nonce: &[u8; NONCE], msg: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
    cipher(key).decrypt(&XNonce::from(*nonce), Payload { msg, aad }).ok()
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}
