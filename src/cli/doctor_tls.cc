#include "cli/doctor_tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "settings/settings.h"

namespace tidemill::cli {
namespace {

constexpr int kDaysToWarn = 21;

using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Opens for reading, or says why not.
File Open(const std::string& path, std::string_view subject, Diagnoses& out) {
  File file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) {
    out.push_back(
        {Verdict::kFail, std::string(subject),
         fmt::format("{}: {}; the server's user must be able to read it", path, std::strerror(errno))});
  }
  return file;
}

void CheckExpiry(const X509* certificate, Diagnoses& out) {
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1) {
    out.push_back(
        {Verdict::kFail, "TLS certificate", "its end of validity cannot be read; have it issued again"});
  } else if (days < 0 || seconds < 0) {
    out.push_back({Verdict::kFail, "TLS certificate", fmt::format("expired {} day(s) ago; renew it", -days)});
  } else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
    out.push_back({Verdict::kFail, "TLS certificate", "not valid yet; is the clock right?"});
  } else {
    out.push_back({days < kDaysToWarn ? Verdict::kWarn : Verdict::kOk, "TLS certificate",
                   fmt::format("expires in {} day(s){}", days, days < kDaysToWarn ? "; renew it" : "")});
  }
}

void CheckKeyFileMode(const std::string& path, Diagnoses& out) {
  struct stat status{};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    out.push_back({Verdict::kWarn, "TLS key", fmt::format("anybody can read {}; chmod o-r it", path)});
  }
}

}  // namespace

void CheckTls(const settings::Settings& settings, Diagnoses& out) {
  const std::string& cert_path = settings.http_server.tls_cert_file;
  const std::string& key_path = settings.http_server.tls_key_file;
  if (cert_path.empty()) {
    out.push_back({Verdict::kOk, "TLS", "off; let a proxy in front do it, or give http_server.tls.cert_pem"});
    return;
  }
  const File cert_file = Open(cert_path, "TLS certificate", out);
  const File key_file = Open(key_path, "TLS key", out);
  if (!cert_file || !key_file) return;
  const Certificate certificate(PEM_read_X509(cert_file.get(), nullptr, nullptr, nullptr), X509_free);
  // An empty passphrase, so that an encrypted key fails instead of asking the terminal.
  char no_passphrase[] = "";
  const PrivateKey key(PEM_read_PrivateKey(key_file.get(), nullptr, nullptr, no_passphrase), EVP_PKEY_free);
  ERR_clear_error();
  if (!certificate)
    out.push_back({Verdict::kFail, "TLS certificate", cert_path + ": not a certificate in PEM"});
  if (!key)
    out.push_back({Verdict::kFail, "TLS key", key_path + ": not a private key in PEM without a passphrase"});
  if (certificate) CheckExpiry(certificate.get(), out);
  if (certificate && key && X509_check_private_key(certificate.get(), key.get()) != 1) {
    out.push_back({Verdict::kFail, "TLS key", "belongs to another certificate; give the pair"});
  }
  ERR_clear_error();
  CheckKeyFileMode(key_path, out);
}

}  // namespace tidemill::cli
