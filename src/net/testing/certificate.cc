#include "net/testing/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/assert.h"
#include "net/address.h"

namespace tidemill::net::testing {
namespace {

void AddName(X509* certificate, const std::string& host) {
  const std::string kind = IpAddress::Parse(host) ? "IP:" : "DNS:";
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, (kind + host).c_str());
  TM_ASSERT(names != nullptr && X509_add_ext(certificate, names, -1) == 1);
  X509_EXTENSION_free(names);
}

X509* MakeCertificate(const CertificateOptions& options, EVP_PKEY* key) {
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), options.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.valid_to_s);
  X509_set_pubkey(certificate, key);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1,
                             -1, 0);
  X509_set_issuer_name(certificate, subject);
  AddName(certificate, options.host);
  TM_ASSERT(X509_sign(certificate, key, EVP_get_digestbyname(options.digest)) > 0);
  return certificate;
}

}  // namespace

CertificateFiles::CertificateFiles(const CertificateOptions& options) {
  char directory[] = "/tmp/tidemill-test-XXXXXX";
  TM_ASSERT(mkdtemp(directory) != nullptr);
  directory_ = directory;
  certificate_ = directory_ + "/cert.pem";
  key_ = directory_ + "/key.pem";

  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = MakeCertificate(options, key);
  std::FILE* const certificate_file = std::fopen(certificate_.c_str(), "w");
  std::FILE* const key_file = std::fopen(key_.c_str(), "w");
  TM_ASSERT(PEM_write_X509(certificate_file, certificate) == 1);
  TM_ASSERT(PEM_write_PrivateKey(key_file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  std::fclose(certificate_file);
  std::fclose(key_file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

CertificateFiles::~CertificateFiles() {
  unlink(certificate_.c_str());
  unlink(key_.c_str());
  rmdir(directory_.c_str());
}

}  // namespace tidemill::net::testing
