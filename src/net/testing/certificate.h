// Throw-away certificates for tests.
#pragma once

#include <string>

namespace tidemill::net::testing {

// A certificate for `host` (a name or an IPv4 address) signed by itself, and its key, as PEM files that are
// removed with this object.
struct CertificateOptions {
  std::string host = "localhost";
  long valid_from_s = -3600;  // from now
  long valid_to_s = 3600;
  const char* digest = "sha256";  // of the signature
};
class CertificateFiles {
 public:
  explicit CertificateFiles(const CertificateOptions& options = {});
  CertificateFiles(const CertificateFiles&) = delete;
  CertificateFiles& operator=(const CertificateFiles&) = delete;
  ~CertificateFiles();

  const std::string& certificate() const { return certificate_; }
  const std::string& key() const { return key_; }

 private:
  std::string directory_;
  std::string certificate_;
  std::string key_;
};

}  // namespace tidemill::net::testing
