#include "postgres/address/parameters.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/percent.h"
#include "postgres/address/keywords.h"

namespace tidemill::postgres {
namespace {

constexpr std::size_t kBytesMax = 64 * 1024;
constexpr std::size_t kWordBytesMax = 40;

std::unexpected<Error> Wrong(std::string detail) { return Fail(Errc::kInvalidArgument, std::move(detail)); }

bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= kWordBytesMax &&
         std::ranges::all_of(text, [](char c) { return IsLetter(c) || IsDigit(c) || c == '_'; });
}

// `where`: for a keyword that is not named, as it may be a piece of a password.
Result<void> CheckKeyword(const std::string& name, const std::string& where) {
  const Keyword* const known = FindKeyword(name);
  if (known != nullptr && known->refusal.empty()) return {};
  if (known != nullptr) return Wrong(name + ": " + std::string(known->refusal));
  if (const auto nearest = NearestKeyword(name)) {
    return Wrong("unknown parameter \"" + name + "\"; did you mean \"" + *nearest + "\"?");
  }
  return Wrong("an unknown parameter " + where);
}

class Uri {
 public:
  explicit Uri(std::string_view text) : rest_(text) {}

  Result<Parameters> Read() {
    TM_TRY(ReadCredentials());
    TM_TRY(ReadHosts());
    if (Skip('/')) TM_TRY(Put("dbname", TakeUntil("?"), "database"));
    if (Skip('?')) TM_TRY(ReadQuery());
    return std::move(parameters_);
  }

 private:
  bool Skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view TakeUntil(std::string_view ends) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  static Result<std::string> Unescape(std::string_view text, std::string_view part) {
    auto decoded = PercentDecode(text);
    if (!decoded) {
      return Wrong(std::string(part) + ": after a % stand two hexadecimal digits; a % itself is %25");
    }
    if (decoded->contains('\0')) return Wrong(std::string(part) + ": holds %00");
    return *std::move(decoded);
  }

  // Nothing is put for an empty text.
  Result<void> Put(std::string name, std::string_view text, std::string_view part) {
    TM_TRY_ASSIGN(std::string value, Unescape(text, part));
    if (!value.empty()) parameters_[std::move(name)] = std::move(value);
    return {};
  }

  Result<void> ReadCredentials() {
    const std::size_t end = rest_.find_first_of("@/?");
    if (end == rest_.npos) return {};
    if (rest_[end] != '@') {
      // Values of parameters may have one: options=…@…
      const bool in_authority = rest_[end] == '/' && rest_.substr(0, rest_.find('?')).contains('@');
      const bool in_query = rest_[end] == '?' && rest_.substr(0, rest_.find('=')).contains('@');
      if (!in_authority && !in_query) return {};
      return Wrong("a / or ? before the @; in user and password they are written %2F and %3F");
    }
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (rest_.substr(0, rest_.find_first_of("/?")).contains('@')) {
      return Wrong("more than one @; in user and password it is written %40");
    }
    const std::size_t colon = std::min(text.find(':'), text.size());
    TM_TRY(Put("user", text.substr(0, colon), "user"));
    if (colon < text.size()) TM_TRY(Put("password", text.substr(colon + 1), "password"));
    return {};
  }

  Result<void> ReadHosts() {
    std::string hosts;
    std::string ports;
    for (;;) {
      std::string_view host;
      if (Skip('[')) {
        host = TakeUntil("]");
        if (!Skip(']')) return Wrong("host: a [ without its ]");
        if (host.empty()) return Wrong("host: nothing between the brackets");
        if (!rest_.empty() && !std::string_view(":/?,").contains(rest_.front())) {
          return Wrong("host: something other than :port after the brackets");
        }
      } else {
        host = TakeUntil(":/?,");
      }
      TM_TRY_ASSIGN(const std::string name, Unescape(host, "host"));
      if (name.contains(',')) return Wrong("host: holds a comma");
      hosts += name;
      if (Skip(':')) {
        const std::string_view port = TakeUntil(":/?,");
        if (rest_.starts_with(':')) {
          return Wrong("host: more than one colon; an IPv6 address stands in brackets");
        }
        ports += port;
      }
      if (!Skip(',')) break;
      hosts += ',';
      ports += ',';
    }
    if (!hosts.empty()) parameters_["host"] = hosts;
    if (std::ranges::any_of(ports, [](char c) { return c != ','; })) parameters_["port"] = ports;
    return {};
  }

  Result<void> ReadQuery() {
    // With an @ behind it, the ? may have been meant for a password.
    const bool may_be_password = rest_.contains('@');
    while (!rest_.empty()) {
      const std::string_view pair = TakeUntil("&");
      Skip('&');
      const std::size_t equals = pair.find('=');
      if (equals == pair.npos) return Wrong("parameters: a name without its =value after the ?");
      TM_TRY_ASSIGN(std::string name, Unescape(pair.substr(0, equals), "parameters"));
      const std::string_view value = pair.substr(equals + 1);
      if (value.contains('=')) {
        return Wrong("parameters: a second = in one of them; in a value it is written %3D");
      }
      if (name == "ssl" && value == "true") {  // as JDBC's URLs have it
        parameters_["sslmode"] = "require";
        continue;
      }
      TM_TRY(CheckKeyword(name, IsWord(name) && !may_be_password ? "\"" + name + "\"" : "after the ?"));
      TM_TRY(Put(name, value, name));
    }
    return {};
  }

  std::string_view rest_;
  Parameters parameters_;
};

class KeywordString {
 public:
  explicit KeywordString(std::string_view text) : text_(text) {}

  Result<Parameters> Read() {
    for (SkipBlanks(); at_ < text_.size(); SkipBlanks()) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '=' && !IsBlank(text_[at_])) ++at_;
      const std::string name(text_.substr(begin, at_ - begin));
      SkipBlanks();
      const std::string where = "at character " + std::to_string(begin + 1);
      if (at_ == text_.size() || text_[at_] != '=') {
        return Wrong("a name without its =value " + where + "; a value with blanks stands in '…'");
      }
      ++at_;
      SkipBlanks();
      TM_TRY(CheckKeyword(name, where));
      TM_TRY_ASSIGN(std::string value, ReadValue(name));
      if (!value.empty()) parameters_[name] = std::move(value);
    }
    return std::move(parameters_);
  }

 private:
  static bool IsBlank(char c) { return std::string_view(" \t\n\r\f\v").contains(c); }
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }

  Result<std::string> ReadValue(const std::string& name) {
    std::string value;
    const bool quoted = at_ < text_.size() && text_[at_] == '\'';
    if (quoted) ++at_;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quoted ? c == '\'' : IsBlank(c)) break;
      if (c == '\\' && ++at_ == text_.size()) break;
      value += text_[at_];
    }
    if (!quoted) return value;
    if (at_ >= text_.size()) return Wrong(name + ": a ' without its end");
    ++at_;
    return value;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  Parameters parameters_;
};

}  // namespace

Result<Parameters> ParseConnectionString(std::string_view text) {
  if (text.size() > kBytesMax) return Wrong("longer than " + std::to_string(kBytesMax) + " bytes");
  if (text.contains('\0')) return Wrong("holds a zero byte");
  for (const std::string_view scheme : {"postgres://", "postgresql://"}) {
    if (text.starts_with(scheme)) return Uri(text.substr(scheme.size())).Read();
  }
  const std::size_t colon = text.find("://");
  if (colon != text.npos && !text.substr(0, colon).contains('=')) {
    return Wrong("an unknown scheme; accepted: postgres://, postgresql://");
  }
  if (!text.contains('=')) {
    return Wrong("write postgres://user:password@host:port/database, or host=… user=… dbname=…");
  }
  return KeywordString(text).Read();
}

}  // namespace tidemill::postgres
