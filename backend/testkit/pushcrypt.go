package testkit

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// DecryptPush opens a body of one record as a browser does (RFC 8188, RFC 8291).
func DecryptPush(private *ecdh.PrivateKey, auth, body []byte) ([]byte, error) {
	const fixed = 16 + 4 + 1 // salt, record size, length of the key
	if len(body) < fixed || len(body) < fixed+int(body[20]) {
		return nil, errors.New("the body is too short")
	}
	salt, size, key, record := body[:16], binary.BigEndian.Uint32(body[16:20]), body[fixed:fixed+int(body[20])], body[fixed+int(body[20]):]
	if int(size) < len(record) {
		return nil, errors.New("the body has more than one record")
	}
	sender, err := ecdh.P256().NewPublicKey(key)
	if err != nil {
		return nil, err
	}
	secret, err := private.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(private.PublicKey().Bytes()) + string(key)
	ikm, err1 := hkdf.Key(sha256.New, secret, auth, info, 32)
	cek, err2 := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, err3 := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	block, err4 := aes.NewCipher(cek)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	padded, err := gcm.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, err
	}
	plain := bytes.TrimRight(padded, "\x00")
	if len(plain) == 0 || plain[len(plain)-1] != 2 { // the mark of a last record
		return nil, errors.New("the record has no end")
	}
	return plain[:len(plain)-1], nil
}
