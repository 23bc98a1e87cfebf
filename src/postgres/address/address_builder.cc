#include "postgres/address/address_builder.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/ascii.h"
#include "postgres/address/keywords.h"

namespace tidemill::postgres {
namespace {

constexpr std::size_t kServersMax = 64;
constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kNameBytesMax = 63;  // NAMEDATALEN - 1
constexpr std::size_t kOptionsBytesMax = 8 * 1024;
constexpr std::size_t kPasswordBytesMax = 16 * 1024;
constexpr std::size_t kUnixPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::uint32_t kSecondsMax = 24 * 3600;

template <class T>
struct Named {
  std::string_view name;
  T value;
};

constexpr Named<TlsMode> kTlsModes[] = {
    {"disable", TlsMode::kDisable}, {"allow", TlsMode::kAllow},        {"prefer", TlsMode::kPrefer},
    {"require", TlsMode::kRequire}, {"verify-ca", TlsMode::kVerifyCa}, {"verify-full", TlsMode::kVerifyFull}};
constexpr Named<SessionTarget> kTargets[] = {{"any", SessionTarget::kAny},
                                             {"read-write", SessionTarget::kReadWrite},
                                             {"read-only", SessionTarget::kReadOnly},
                                             {"primary", SessionTarget::kPrimary},
                                             {"standby", SessionTarget::kStandby},
                                             {"prefer-standby", SessionTarget::kPreferStandby}};
constexpr Named<ChannelBinding> kBindings[] = {{"disable", ChannelBinding::kDisable},
                                               {"prefer", ChannelBinding::kPrefer},
                                               {"require", ChannelBinding::kRequire}};
constexpr Named<bool> kNegotiations[] = {{"postgres", false}, {"direct", true}};
constexpr Named<bool> kBalances[] = {{"disable", false}, {"random", true}};
constexpr Named<bool> kSwitches[] = {{"0", false}, {"1", true}};
constexpr Named<bool> kTlsVersions[] = {
    {"TLSv1", false}, {"TLSv1.1", false}, {"TLSv1.2", false}, {"TLSv1.3", true}};
constexpr Named<int> kEncodings[] = {{"UTF8", 0},  {"utf8", 0},    {"UTF-8", 0},
                                     {"utf-8", 0}, {"unicode", 0}, {"auto", 0}};
constexpr Named<int> kGssModes[] = {{"disable", 0}, {"prefer", 0}};
constexpr Named<int> kCompressions[] = {{"0", 0}};

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t comma = std::min(text.find(','), text.size());
    parts.emplace_back(text.substr(0, comma));
    if (comma == text.size()) return parts;
    text.remove_prefix(comma + 1);
  }
}

bool IsIp(const std::string& text) {
  in6_addr ip{};
  return inet_pton(AF_INET6, text.c_str(), &ip) == 1 || inet_pton(AF_INET, text.c_str(), &ip) == 1;
}

bool IsHostName(std::string_view host) {
  return host.size() <= kHostBytesMax && std::ranges::all_of(host, [](char c) {
           return IsLetter(c) || IsDigit(c) || c == '-' || c == '.' || c == '_';
         });
}

bool HasControls(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

class Builder {
 public:
  Builder(const Parameters& given, const Environment& environment)
      : given_(given), environment_(environment) {}

  Result<Address> Build(const std::string& password) {
    TM_TRY(CheckEnvironment());
    TM_TRY(ReadServers());
    TM_TRY(ReadNames());
    TM_TRY(ReadTls());
    TM_TRY(ReadAuthentication());
    TM_TRY(ReadTransport());
    TM_TRY(ReadPassword(password));
    return std::move(address_);
  }

 private:
  // What is wrong with the value of a parameter, wherever it was given.
  std::unexpected<Error> Wrong(std::string_view name, std::string_view what) const {
    const Keyword* const keyword = FindKeyword(name);
    const bool from_environment = !given_.contains(name) && keyword != nullptr &&
                                  !keyword->variable.empty() &&
                                  environment_.variables.contains(keyword->variable);
    const std::string where(from_environment ? keyword->variable : name);
    return Fail(Errc::kInvalidArgument, where + ": " + std::string(what));
  }

  // "" when it is said nowhere.
  std::string Value(std::string_view name) const {
    if (const auto found = given_.find(name); found != given_.end()) return found->second;
    const Keyword* const keyword = FindKeyword(name);
    const auto variable = environment_.variables.find(keyword->variable);
    return variable == environment_.variables.end() ? "" : variable->second;
  }

  template <class T, std::size_t N>
  Result<void> Choose(std::string_view name, const Named<T> (&choices)[N], T& out) const {
    const std::string value = Value(name);
    if (value.empty()) return {};
    std::string accepted;
    for (const Named<T>& choice : choices) {
      if (choice.name == value) {
        out = choice.value;
        return {};
      }
      accepted += (accepted.empty() ? "" : ", ") + std::string(choice.name);
    }
    return Wrong(name, "accepted: " + accepted);
  }

  Result<void> Number(std::string_view name, std::uint32_t max, std::uint32_t& out) const {
    const std::string value = Value(name);
    if (value.empty()) return {};
    const auto read = std::from_chars(value.data(), value.data() + value.size(), out);
    if (read.ec == std::errc{} && read.ptr == value.data() + value.size() && out <= max) return {};
    return Wrong(name, "not a whole number from 0 to " + std::to_string(max));
  }

  // A variable that libpq would heed and we do not is not passed over.
  Result<void> CheckEnvironment() const {
    for (const Keyword& keyword : Keywords()) {
      if (keyword.refusal.empty() || keyword.variable.empty()) continue;
      if (!environment_.variables.contains(keyword.variable)) continue;
      return Fail(Errc::kInvalidArgument,
                  std::string(keyword.variable) + ": " + std::string(keyword.refusal));
    }
    return {};
  }

  Result<void> ReadServers() {
    const std::vector<std::string> hosts = Split(Value("host"));
    const std::vector<std::string> ips = Split(Value("hostaddr"));
    const std::vector<std::string> ports = Split(Value("port"));
    const bool has_ips = !Value("hostaddr").empty();
    const bool has_hosts = !Value("host").empty();
    const std::size_t count = has_hosts ? hosts.size() : ips.size();
    if (count > kServersMax) return Wrong("host", "more than " + std::to_string(kServersMax) + " hosts");
    if (has_ips && has_hosts && ips.size() != count) {
      return Wrong("hostaddr", "not as many as there are hosts");
    }
    if (ports.size() != 1 && ports.size() != count) return Wrong("port", "not as many as there are hosts");
    for (std::size_t i = 0; i < count; ++i) {
      Server server;
      if (has_hosts) server.host = hosts[i];
      if (has_ips) server.ip = ips[i];
      if (server.host.empty()) server.host = server.ip.empty() ? std::string(kSocketFolder) : server.ip;
      TM_TRY(ReadPort(ports.size() == 1 ? ports[0] : ports[i], server));
      TM_TRY(CheckServer(server));
      address_.servers.push_back(std::move(server));
    }
    return Choose("load_balance_hosts", kBalances, address_.random_order);
  }

  Result<void> ReadPort(const std::string& text, Server& server) const {
    if (text.empty()) return {};
    std::uint32_t port = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool good = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    if (!good || port == 0 || port > std::numeric_limits<std::uint16_t>::max()) {
      return Wrong("port", "not a number from 1 to 65535");
    }
    server.port = static_cast<std::uint16_t>(port);
    return {};
  }

  Result<void> CheckServer(const Server& server) const {
    if (!server.ip.empty() && !IsIp(server.ip)) return Wrong("hostaddr", "not an IP address");
    if (server.host.starts_with('@')) return Wrong("host", "abstract sockets are not supported");
    if (server.is_unix()) {
      if (server.unix_path().size() <= kUnixPathBytesMax) return {};
      return Wrong("host", "the path of the socket is over " + std::to_string(kUnixPathBytesMax) + " bytes");
    }
    if (IsHostName(server.host) || IsIp(server.host)) return {};
    return Wrong("host", "not a name, an IP address or the folder of a socket");
  }

  Result<void> ReadNames() {
    address_.user = Value("user");
    if (address_.user.empty()) address_.user = environment_.os_user;
    if (address_.user.empty()) return Wrong("user", "not given");
    address_.database = Value("dbname");
    if (address_.database.empty()) address_.database = address_.user;
    address_.application_name = Value("application_name");
    if (address_.application_name.empty()) address_.application_name = Value("fallback_application_name");
    address_.options = Value("options");
    const std::pair<std::string_view, std::string_view> names[] = {
        {"user", address_.user},
        {"dbname", address_.database},
        {"application_name", address_.application_name}};
    for (const auto& [name, value] : names) {
      if (value.size() > kNameBytesMax) {
        return Wrong(name, "longer than " + std::to_string(kNameBytesMax) +
                               " bytes, which is all that a server keeps");
      }
      if (HasControls(value)) return Wrong(name, "holds a control character");
    }
    if (address_.options.size() > kOptionsBytesMax) {
      return Wrong("options", "longer than " + std::to_string(kOptionsBytesMax) + " bytes");
    }
    int ignored = 0;
    return Choose("client_encoding", kEncodings, ignored);
  }

  Result<void> ReadTls() {
    TlsOptions& tls = address_.tls;
    int ignored = 0;
    const std::string root = Value("sslrootcert");
    tls.system_authorities = root == "system";
    if (tls.system_authorities) tls.mode = TlsMode::kVerifyFull;
    TM_TRY(Choose("sslmode", kTlsModes, tls.mode));
    TM_TRY(Choose("sslnegotiation", kNegotiations, tls.direct));
    TM_TRY(Choose("sslsni", kSwitches, tls.send_server_name));
    TM_TRY(Choose("sslcompression", kCompressions, ignored));
    TM_TRY(Choose("ssl_min_protocol_version", kTlsVersions, tls.only_1_3));
    TM_TRY(Choose("gssencmode", kGssModes, ignored));
    if (!tls.system_authorities) tls.authorities = root;
    tls.certificate = Value("sslcert");
    tls.key = Value("sslkey");
    if (tls.system_authorities && tls.mode != TlsMode::kVerifyFull) {
      return Wrong("sslmode",
                   "sslrootcert=system goes with verify-full only: anybody may have a certificate of "
                   "some public authority");
    }
    if (tls.mode == TlsMode::kVerifyCa && tls.authorities.empty()) {
      return Wrong("sslmode", "verify-ca needs sslrootcert, a file with the authority's certificate");
    }
    if (tls.direct && tls.mode < TlsMode::kRequire) {
      return Wrong("sslnegotiation", "direct needs sslmode=require, verify-ca or verify-full");
    }
    if (tls.certificate.empty() != tls.key.empty()) {
      return Wrong(tls.key.empty() ? "sslcert" : "sslkey", "needs sslkey and sslcert together");
    }
    return {};
  }

  Result<void> ReadAuthentication() {
    TM_TRY(Choose("channel_binding", kBindings, address_.channel_binding));
    TM_TRY(ReadMethods());
    if (address_.channel_binding != ChannelBinding::kRequire) return {};
    if (!address_.methods.scram) return Wrong("require_auth", "channel_binding=require needs scram-sha-256");
    if (address_.tls.mode == TlsMode::kDisable) {
      return Wrong("channel_binding", "require needs TLS, and sslmode=disable has none");
    }
    return {};
  }

  Result<void> ReadMethods() {
    const std::string value = Value("require_auth");
    if (value.empty()) return {};
    AuthMethods& methods = address_.methods;
    const std::vector<std::string> words = Split(value);
    const bool negated = words[0].starts_with('!');
    methods = {.none = negated, .password = negated, .md5 = negated, .scram = negated};
    for (std::string_view word : words) {
      if (word.starts_with('!') != negated)
        return Wrong("require_auth", "either every method has a ! or none");
      if (negated) word.remove_prefix(1);
      if (word == "none") {
        methods.none = !negated;
      } else if (word == "password") {
        methods.password = !negated;
        methods.clear_password_without_tls = !negated;
      } else if (word == "md5") {
        methods.md5 = !negated;
      } else if (word == "scram-sha-256") {
        methods.scram = !negated;
      } else if (word != "gss" && word != "sspi" && word != "oauth") {
        return Wrong("require_auth",
                     "accepted: password, md5, scram-sha-256, none; with a ! before each: all others");
      }
    }
    if (!methods.none && !methods.password && !methods.md5 && !methods.scram) {
      return Wrong("require_auth", "leaves no method that is supported");
    }
    return {};
  }

  Result<void> ReadTransport() {
    TM_TRY(Choose("target_session_attrs", kTargets, address_.target));
    std::uint32_t seconds = 0;
    TM_TRY(Number("connect_timeout", kSecondsMax, seconds));
    if (seconds > 0) address_.connect_timeout = Seconds(seconds);
    bool wanted = true;
    net::KeepAlive keep_alive;
    TM_TRY(Choose("keepalives", kSwitches, wanted));
    TM_TRY(Number("keepalives_idle", 32'767, keep_alive.idle_s));
    TM_TRY(Number("keepalives_interval", 32'767, keep_alive.interval_s));
    TM_TRY(Number("keepalives_count", 127, keep_alive.count));
    std::uint32_t milliseconds = 0;
    TM_TRY(Number("tcp_user_timeout", kSecondsMax * 1000, milliseconds));
    keep_alive.unacknowledged_max = Milliseconds(milliseconds);
    if (wanted) address_.keep_alive = keep_alive;
    return {};
  }

  Result<void> ReadPassword(const std::string& password) {
    const auto given = given_.find("password");
    address_.password = given != given_.end() ? given->second : password;
    if (address_.password.empty()) address_.password = Value("password");
    if (address_.password.size() > kPasswordBytesMax) {
      return Wrong("password", "longer than " + std::to_string(kPasswordBytesMax) + " bytes");
    }
    if (address_.password.contains('\0')) return Wrong("password", "holds a zero byte");
    const std::string named = Value("passfile");
    if (!address_.password.empty() || (named.empty() && environment_.home.empty())) return {};
    auto file = PasswordFile::Read(named.empty() ? environment_.home + "/.pgpass" : named);
    if (file) {
      address_.password_file = *std::move(file);
    } else if (file.error().code != Errc::kNotFound) {
      address_.password_file_problem = file.error().detail;
    } else if (!named.empty()) {
      return Wrong("passfile", "there is no such file");
    }
    return {};
  }

  const Parameters& given_;
  const Environment& environment_;
  Address address_;
};

}  // namespace

Result<Address> BuildAddress(const Parameters& given, const std::string& password,
                             const Environment& environment) {
  return Builder(given, environment).Build(password);
}

}  // namespace tidemill::postgres
