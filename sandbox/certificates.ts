import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { md, pki } from "node-forge";

/** Files in PEM form. */
export interface Certificates {
  /** The sandbox's own certificate authority. */
  readonly caFile: string;
  /** A server certificate for 127.0.0.1 and localhost, and its key. */
  readonly certFile: string;
  readonly keyFile: string;
}

const DAY_MS = 86_400_000;

/** Makes a certificate authority and a server certificate that live for a day, into a folder. Keys are for the owner only. */
export function makeCertificates(folder: string): Certificates {
  const authorityKeys = pki.rsa.generateKeyPair(2048);
  const authorityName = [{ name: "commonName", value: "cloudtrail-kibana sandbox" }];
  const authority = certificate(authorityKeys.publicKey, authorityName, authorityName, [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    { name: "subjectKeyIdentifier" },
  ]);
  authority.sign(authorityKeys.privateKey, md.sha256.create());

  const serverKeys = pki.rsa.generateKeyPair(2048);
  const server = certificate(serverKeys.publicKey, [{ name: "commonName", value: "localhost" }], authorityName, [
    { name: "basicConstraints", cA: false },
    { name: "keyUsage", digitalSignature: true, keyEncipherment: true },
    { name: "extKeyUsage", serverAuth: true },
    {
      name: "subjectAltName",
      altNames: [
        { type: 2, value: "localhost" },
        { type: 7, ip: "127.0.0.1" },
      ],
    },
  ]);
  server.sign(authorityKeys.privateKey, md.sha256.create());

  const save = (name: string, pem: string): string => {
    const file = join(folder, name);
    writeFileSync(file, pem, { mode: 0o600 });
    return file;
  };
  return {
    caFile: save("ca.pem", pki.certificateToPem(authority)),
    certFile: save("server.pem", pki.certificateToPem(server)),
    keyFile: save("server-key.pem", pki.privateKeyToPem(serverKeys.privateKey)),
  };
}

function certificate(
  publicKey: pki.PublicKey,
  subject: pki.CertificateField[],
  issuer: pki.CertificateField[],
  extensions: object[],
): pki.Certificate {
  const made = pki.createCertificate();
  made.publicKey = publicKey;
  made.serialNumber = `01${Math.floor(Math.random() * 2 ** 48).toString(16)}`.padEnd(16, "0");
  made.validity.notBefore = new Date(Date.now() - DAY_MS);
  made.validity.notAfter = new Date(Date.now() + DAY_MS);
  made.setSubject(subject);
  made.setIssuer(issuer);
  made.setExtensions(extensions);
  return made;
}
