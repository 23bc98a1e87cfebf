#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <span>
#include <string_view>

#include "base/log.h"
#include "net/address.h"

namespace tidemill::net {
namespace {

constexpr unsigned char kAlpn[] = "\x08http/1.1";
constexpr unsigned int kAlpnBytes = sizeof kAlpn - 1;
// TLS 1.2: forward secrecy and AEAD only; all suites of TLS 1.3 are both.
constexpr char kTls12Ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, Free>;
using SslPtr = std::unique_ptr<SSL, Free>;

// The oldest queued error in OpenSSL's words; empties the queue, which belongs to the thread.
std::string TakeErrors() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

class Session final : public TlsSession {
 public:
  explicit Session(SslPtr ssl) : ssl_(std::move(ssl)) {}

  Status Handshake() override {
    ERR_clear_error();
    return StatusOf(SSL_do_handshake(ssl_.get()));
  }
  bool handshake_done() const override { return SSL_is_init_finished(ssl_.get()) == 1; }

  Outcome Read(std::span<char> into) override {
    ERR_clear_error();
    const int size = static_cast<int>(std::min(into.size(), std::size_t{INT_MAX}));
    const int got = SSL_read(ssl_.get(), into.data(), size);
    return {StatusOf(got), got > 0 ? static_cast<std::size_t>(got) : 0};
  }

  Outcome Write(std::string_view record) override {
    if (retry_bytes_ != 0) record = record.substr(0, retry_bytes_);
    ERR_clear_error();
    const int put = SSL_write(ssl_.get(), record.data(), static_cast<int>(record.size()));
    const Status status = StatusOf(put);
    const bool again = status == Status::kWantRead || status == Status::kWantWrite;
    retry_bytes_ = again ? record.size() : 0;
    return {status, put > 0 ? static_cast<std::size_t>(put) : 0};
  }

  void SendCloseNotify() override {
    if (!healthy_) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  std::string_view alpn() const override {
    const unsigned char* name = nullptr;
    unsigned int bytes = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &bytes);
    return {reinterpret_cast<const char*>(name), bytes};
  }
  std::string ServerEndPoint() const override;
  const std::string& failure() const override { return failure_; }

 private:
  Status StatusOf(int result);

  SslPtr ssl_;
  std::size_t retry_bytes_ = 0;  // of the record that OpenSSL could not yet write
  bool healthy_ = true;          // after a fatal error not even SSL_shutdown may be called
  std::string failure_;
};

TlsSession::Status Session::StatusOf(int result) {
  if (result > 0) return Status::kOk;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Status::kWantRead;
    case SSL_ERROR_WANT_WRITE: return Status::kWantWrite;
    case SSL_ERROR_ZERO_RETURN: return Status::kEnded;
    case SSL_ERROR_SYSCALL: healthy_ = false; return Status::kEnded;
    default: break;
  }
  healthy_ = false;
  failure_ = TakeErrors();
  if (const long verdict = SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK) {
    failure_ += std::string(": ") + X509_verify_cert_error_string(verdict);
  }
  log::Debug("tls.failed", {{"reason", failure_}});
  return Status::kFailed;
}

// MD5 and SHA-1 in a signature count as SHA-256 here (RFC 5929 section 4.1).
std::string Session::ServerEndPoint() const {
  const bool is_server = SSL_is_server(ssl_.get()) == 1;
  X509* const certificate =
      is_server ? SSL_get_certificate(ssl_.get()) : SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return "";
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1) {
    ERR_clear_error();
    return "";
  }
  const bool is_weak = digest == NID_md5 || digest == NID_sha1;
  const EVP_MD* const algorithm = is_weak ? EVP_sha256() : EVP_get_digestbynid(digest);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (algorithm == nullptr || X509_digest(certificate, algorithm, bytes, &size) != 1) {
    ERR_clear_error();
    return "";
  }
  return {reinterpret_cast<const char*>(bytes), size};
}

class Context final : public TlsContext {
 public:
  explicit Context(ContextPtr context, Verification verification = Verification::kFull,
                   bool send_server_name = true)
      : context_(std::move(context)), verification_(verification), send_server_name_(send_server_name) {}

  std::unique_ptr<TlsSession> NewServerSession(int fd) const override {
    SslPtr ssl = NewSsl(fd);
    if (!ssl) return nullptr;
    SSL_set_accept_state(ssl.get());
    return std::make_unique<Session>(std::move(ssl));
  }

  std::unique_ptr<TlsSession> NewClientSession(int fd, const std::string& server_name) const override {
    SslPtr ssl = NewSsl(fd);
    if (!ssl || !ExpectName(ssl.get(), server_name)) return nullptr;
    SSL_set_connect_state(ssl.get());
    return std::make_unique<Session>(std::move(ssl));
  }

 private:
  SslPtr NewSsl(int fd) const {
    SslPtr ssl(SSL_new(context_.get()));
    if (ssl && SSL_set_fd(ssl.get(), fd) != 1) ssl.reset();
    if (!ssl) ERR_clear_error();
    return ssl;
  }

  // A certificate may name an IP address, but server name indication may not (RFC 6066 section 3).
  bool ExpectName(SSL* ssl, const std::string& name) const {
    const bool is_ip = IpAddress::Parse(name).has_value();
    if (!is_ip && send_server_name_ && SSL_set_tlsext_host_name(ssl, name.c_str()) != 1) return false;
    if (verification_ != Verification::kFull) return true;
    if (is_ip) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
    return SSL_set1_host(ssl, name.c_str()) == 1;
  }

  ContextPtr context_;
  const Verification verification_;
  const bool send_server_name_;
};

int SelectAlpn(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes, const unsigned char* offered,
               unsigned int offered_bytes, void*) {
  unsigned char* match = nullptr;
  const int found = SSL_select_next_proto(&match, chosen_bytes, kAlpn, kAlpnBytes, offered, offered_bytes);
  *chosen = match;
  // RFC 7301 section 3.2: no protocol in common is fatal.
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

ContextPtr NewContext(const SSL_METHOD* method) {
  ContextPtr context(SSL_CTX_new(method));
  if (!context) return nullptr;
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, kTls12Ciphers);
  // A peer that closes without saying so is common, and no failure: what we carry is framed.
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(
      raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Header and body of a record in one system call; a session is always read until it wants more.
  SSL_CTX_set_read_ahead(raw, 1);
  return context;
}

std::unexpected<Error> BadFile(const char* what, const std::string& file, std::string_view why) {
  return Fail(Errc::kInvalidArgument, std::string(what) + " " + file + ": " + std::string(why));
}

// The operator's words for the most frequent case, OpenSSL's for the others.
std::unexpected<Error> BadFileByErrors(const char* what, const std::string& file) {
  const unsigned long code = ERR_peek_error();
  if (ERR_SYSTEM_ERROR(code)) {
    ERR_clear_error();
    return BadFile(what, file, std::strerror(static_cast<int>(ERR_GET_REASON(code))));
  }
  return BadFile(what, file, TakeErrors());
}

Result<void> CheckDates(SSL_CTX* context, const std::string& cert_file) {
  const X509* const leaf = SSL_CTX_get0_certificate(context);
  // Zero from the comparison is a date that cannot be read.
  if (X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0) {
    return BadFile("certificate", cert_file, "expired");
  }
  if (X509_cmp_current_time(X509_get0_notBefore(leaf)) >= 0) {
    return BadFile("certificate", cert_file, "not valid yet");
  }
  return {};
}

// Certificate and key of our own, which belong together and are valid now.
Result<void> LoadOwn(SSL_CTX* context, const std::string& cert_file, const std::string& key_file) {
  // No prompt on the terminal for an encrypted key: it is an error.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return -1; });
  if (SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1) {
    return BadFileByErrors("certificate", cert_file);
  }
  TM_TRY(CheckDates(context, cert_file));
  const bool loaded = SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  if (!loaded && ERR_GET_REASON(ERR_peek_last_error()) != X509_R_KEY_VALUES_MISMATCH) {
    return BadFileByErrors("key", key_file);
  }
  if (!loaded || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return BadFile("key", key_file, "does not belong to certificate " + cert_file);
  }
  return {};
}

Result<void> LoadAuthorities(SSL_CTX* context, const std::string& file) {
  if (!file.empty()) {
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) return BadFileByErrors("authorities", file);
  } else if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return Fail(Errc::kInternal, "TLS: " + TakeErrors());
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> OpenServerTls(std::string cert_file, std::string key_file) {
  ERR_clear_error();
  ContextPtr context = NewContext(TLS_server_method());
  if (!context) return Fail(Errc::kInternal, "TLS: " + TakeErrors());
  SSL_CTX* const raw = context.get();
  TM_TRY(LoadOwn(raw, cert_file, key_file));
  // Resumption by tickets alone: nothing is kept here for a client that may come back.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 1);
  SSL_CTX_set_alpn_select_cb(raw, SelectAlpn, nullptr);
  return std::make_shared<Context>(std::move(context));
}

Result<std::shared_ptr<TlsContext>> OpenClientTls(const ClientTlsOptions& options) {
  ERR_clear_error();
  ContextPtr context = NewContext(TLS_client_method());
  if (!context) return Fail(Errc::kInternal, "TLS: " + TakeErrors());
  SSL_CTX* const raw = context.get();
  if (options.only_1_3) SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
  if (options.verification != Verification::kNone) {
    TM_TRY(LoadAuthorities(raw, options.authorities_file));
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  }
  if (!options.certificate_file.empty()) TM_TRY(LoadOwn(raw, options.certificate_file, options.key_file));
  const std::string alpn = static_cast<char>(options.alpn.size()) + options.alpn;
  SSL_CTX_set_alpn_protos(raw, reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned int>(alpn.size()));
  return std::make_shared<Context>(std::move(context), options.verification, options.send_server_name);
}

Result<std::shared_ptr<TlsContext>> OpenClientTls(std::string ca_file) {
  return OpenClientTls(ClientTlsOptions{.authorities_file = std::move(ca_file)});
}

}  // namespace tidemill::net
