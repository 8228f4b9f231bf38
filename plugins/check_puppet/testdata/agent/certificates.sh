#!/bin/bash
# Makes a throw-away CA, a server's certificate and an agent's, and an ssldir for the agent.
# usage: certificates.sh DIR
set -euo pipefail
cd "$1"
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 2 \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign,cRLSign
for name in localhost node1; do
    openssl req -newkey rsa:2048 -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=$name"
    openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$name.pem" \
        -days 2 -extfile <(echo "subjectAltName=DNS:$name")
done
mkdir -p ssl/certs ssl/private_keys
cp ca.pem ssl/certs/ca.pem
cp node1.pem ssl/certs/node1.pem
cp node1.key ssl/private_keys/node1.pem
