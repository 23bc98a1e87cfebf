#include "http/parser.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/assert.h"
#include "http/grammar.h"
#include "http/origin.h"

namespace tidemill::http {
namespace {

constexpr std::size_t kBodyBytesKept = 4 * 1024;

using Outcome = std::expected<void, Refused>;

std::unexpected<Refused> Refuse(int status, const char* why) { return std::unexpected(Refused{status, why}); }

Method MethodOf(std::string_view name) {
  if (name == "GET") return Method::kGet;
  if (name == "POST") return Method::kPost;
  if (name == "HEAD") return Method::kHead;
  if (name == "OPTIONS") return Method::kOptions;
  if (name == "PUT") return Method::kPut;
  if (name == "DELETE") return Method::kDelete;
  if (name == "PATCH") return Method::kPatch;
  return Method::kOther;
}

// An empty port is the same as none.
bool SameAuthority(std::string_view a, std::string_view b) {
  if (a.ends_with(':')) a.remove_suffix(1);
  if (b.ends_with(':')) b.remove_suffix(1);
  return EqualIgnoringCase(a, b);
}

// "http://host:port/path?query": nullopt for any other form, "host:port" of this one.
std::optional<std::string_view> AuthorityOf(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    return target.substr(0, target.find_first_of("/?"));
  }
  return std::nullopt;
}

// The origin form, or the absolute form, of which path and query count here (RFC 9112 section 3.2). "*"
// belongs to OPTIONS, and is what its absolute form without a path means; the authority form belongs to
// proxies.
Outcome ParseTarget(std::string_view target, Request& request) {
  if (target.empty()) return Refuse(400, "empty target");
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || byte == '#')
      return Refuse(400, "byte that may not stand in a target");
  }
  request.target = target;
  if (target[0] != '/') {
    if (const auto authority = AuthorityOf(target)) {
      target = target.substr(target.find("://") + 3 + authority->size());
    } else if (target != "*") {
      return Refuse(400, "target is neither an absolute path nor a URL");
    } else if (request.method != Method::kOptions) {
      return Refuse(400, "target * is for OPTIONS");
    }
  }
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  const bool of_server = request.method == Method::kOptions && question == std::string_view::npos;
  if (request.path.empty()) request.path = of_server ? "*" : "/";
  request.query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  return {};
}

Outcome ParseRequestLine(std::string_view line, Request& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Refuse(400, "malformed request line");
  request.method_name = line.substr(0, first);
  if (!IsToken(request.method_name)) return Refuse(400, "malformed method");
  request.method = MethodOf(request.method_name);
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.1") {
    request.version_minor = 1;
  } else if (version == "HTTP/1.0") {
    request.version_minor = 0;
  } else if (version.size() == 8 && version.starts_with("HTTP/") && IsDigit(version[5]) &&
             version[6] == '.' && IsDigit(version[7])) {
    return Refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  } else {
    return Refuse(400, "malformed version");
  }
  return ParseTarget(line.substr(first + 1, last - first - 1), request);
}

Outcome ParseHeaderLine(std::string_view line, Request& request) {
  if (line[0] == ' ' || line[0] == '\t') return Refuse(400, "folded header line");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Refuse(400, "header without a colon");
  const std::string_view name = line.substr(0, colon);
  if (!IsToken(name)) return Refuse(400, "malformed header name");
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (!IsFieldValue(value)) return Refuse(400, "byte that may not stand in a header");
  request.headers.push_back({name, value});
  return {};
}

// Headers that change what a request means may stand only once.
Outcome CheckSingles(const Request& request) {
  constexpr std::string_view kSingles[] = {"host",
                                           "content-length",
                                           "transfer-encoding",
                                           "content-type",
                                           "origin",
                                           "authorization",
                                           "sec-websocket-key",
                                           "x-api-key",
                                           "expect",
                                           "sec-websocket-version",
                                           "access-control-request-method"};
  std::size_t seen[std::size(kSingles)] = {};
  for (const HeaderView& header : request.headers) {
    for (std::size_t i = 0; i < std::size(kSingles); ++i) {
      if (header.name.size() != kSingles[i].size() || !EqualIgnoringCase(header.name, kSingles[i])) continue;
      if (++seen[i] > 1) return Refuse(400, "header that may stand only once");
    }
  }
  if (seen[0] == 0 && request.version_minor == 1) return Refuse(400, "Host is missing");
  return {};
}

Outcome CheckHost(const Request& request) {
  const auto host = request.Header("host");
  if (host && !host->empty() && !IsAuthority(*host)) return Refuse(400, "malformed Host");
  if (request.target.starts_with('/')) return {};
  const auto authority = AuthorityOf(request.target);
  if (!authority) return {};
  if (!IsAuthority(*authority)) return Refuse(400, "malformed host in the target");
  if (host && !SameAuthority(*host, *authority)) return Refuse(400, "the target names another Host");
  return {};
}

}  // namespace

std::expected<void, Refused> ParseHead(std::string_view head, const ServerLimits& limits, Request& request) {
  request.headers.clear();
  bool first = true;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    TM_ASSERT(end != std::string_view::npos);
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.empty()) break;
    if (line.find('\r') != std::string_view::npos) return Refuse(400, "bare CR");
    if (!first && request.headers.size() == limits.header_count_max) return Refuse(431, "too many headers");
    const Outcome parsed = first ? ParseRequestLine(line, request) : ParseHeaderLine(line, request);
    if (!parsed) return parsed;
    first = false;
  }
  if (const Outcome checked = CheckSingles(request); !checked) return checked;
  return CheckHost(request);
}

std::expected<RequestParser::State, Refused> RequestParser::Parse(std::string_view input) {
  if (head_bytes_ == 0) {
    if (leading_ == 0 && input.starts_with("\r\n")) leading_ = scanned_ = line_start_ = 2;
    if (input.size() <= leading_) return State::kNothing;
    // At once: what is not HTTP at all, as a TLS client's greeting, may never get to the end of a line.
    if (!IsToken(input.substr(leading_, 1)) && input != "\r") return Refuse(400, "that is no request");
    const auto complete = ScanHead(input);
    if (!complete) return std::unexpected(complete.error());
    if (!*complete) return State::kHeaders;
    if (const auto framed = ParseFraming(input.substr(leading_, head_bytes_)); !framed) {
      return std::unexpected(framed.error());
    }
    parsed_at_ = input.data();
  }
  if (chunked_) {
    const auto complete = ReadChunks(input);
    if (!complete) return std::unexpected(complete.error());
    return *complete ? State::kComplete : State::kBody;
  }
  return input.size() >= leading_ + head_bytes_ + body_bytes_ ? State::kComplete : State::kBody;
}

// Line by line, so that a bare LF is refused when it comes and not waited on.
std::expected<bool, Refused> RequestParser::ScanHead(std::string_view input) {
  for (;;) {
    const std::size_t newline = input.find('\n', scanned_);
    const std::size_t line_bytes = (newline == std::string_view::npos ? input.size() : newline) - line_start_;
    if (lines_ == 0 && line_bytes > limits_->request_line_bytes_max)
      return Refuse(414, "request line too long");
    if (lines_ > 0 && input.size() - leading_ > limits_->header_bytes_max + limits_->request_line_bytes_max &&
        newline == std::string_view::npos) {
      return Refuse(431, "headers too long");
    }
    if (newline == std::string_view::npos) {
      scanned_ = input.size();
      return false;
    }
    if (newline == line_start_ || input[newline - 1] != '\r') return Refuse(400, "bare LF");
    const bool empty = newline - 1 == line_start_;
    scanned_ = line_start_ = newline + 1;
    ++lines_;
    if (scanned_ - leading_ > limits_->header_bytes_max + limits_->request_line_bytes_max) {
      return Refuse(431, "headers too long");
    }
    if (lines_ > limits_->header_count_max + 2) return Refuse(431, "too many headers");
    if (empty) {
      head_bytes_ = scanned_ - leading_;
      return true;
    }
  }
}

std::expected<void, Refused> RequestParser::ParseFraming(std::string_view head) {
  if (const Outcome parsed = ParseHead(head, *limits_, request_); !parsed) return parsed;
  const Request& request = request_;
  const auto length = request.Header("content-length");
  const auto coding = request.Header("transfer-encoding");
  if (coding) {
    if (length) return Refuse(400, "Content-Length beside Transfer-Encoding");
    if (request.version_minor == 0) return Refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (!EqualIgnoringCase(*coding, "chunked")) return Refuse(400, "Transfer-Encoding other than chunked");
    chunked_ = true;
    chunk_at_ = leading_ + head_bytes_;
  } else if (length) {
    const auto bytes = ParseDecimal(*length);
    if (!bytes) return Refuse(400, "malformed Content-Length");
    if (*bytes > LengthMax()) return Refuse(413, "body too large");
    body_bytes_ = *bytes;
  }
  const auto expect = request.Header("expect");
  expects_continue_ = expect && EqualIgnoringCase(*expect, "100-continue") && request.version_minor > 0 &&
                      (chunked_ || body_bytes_ > 0);
  return {};
}

std::expected<bool, Refused> RequestParser::ReadChunks(std::string_view input) {
  const auto used = chunks_.Read(input.substr(chunk_at_), body_);
  if (!used) return std::unexpected(used.error());
  chunk_at_ += *used;
  return chunks_.ended();
}

std::size_t RequestParser::LengthMax() const {
  return std::max(limits_->body_bytes_max, limits_->streamed_body_bytes_max);
}

std::optional<std::size_t> RequestParser::body_bytes() const {
  return chunked_ ? std::nullopt : std::optional(body_bytes_);
}

std::optional<std::size_t> RequestParser::MissingBytes(std::string_view input) const {
  if (chunked_) return std::nullopt;
  const std::size_t all = leading_ + head_bytes_ + body_bytes_;
  return all - std::min(all, input.size());
}

void RequestParser::Compact(std::string& input) {
  if (head_bytes_ == 0 && taken_body_.capacity() + body_.capacity() > kBodyBytesKept) {
    std::string().swap(taken_body_);
    std::string().swap(body_);
  }
  if (!chunked_) return;
  const std::size_t body_at = leading_ + head_bytes_;
  input.erase(body_at, chunk_at_ - body_at);
  chunk_at_ = body_at;
}

bool RequestParser::BeginsWithHead(std::string_view input) {
  if (input.starts_with("\r\n")) input.remove_prefix(2);
  return input.starts_with("HEAD ");
}

std::size_t RequestParser::Take(std::string_view input, Request& request) {
  if (input.data() != parsed_at_) {
    // The bytes have moved since the head was read.
    const Outcome parsed = ParseHead(input.substr(leading_, head_bytes_), *limits_, request_);
    TM_ASSERT(parsed.has_value());
  }
  std::swap(request, request_);
  const std::size_t body_at = leading_ + head_bytes_;
  const std::size_t used = chunked_ ? chunk_at_ : body_at + body_bytes_;
  taken_body_.swap(body_);
  request.body = chunked_ ? std::string_view(taken_body_) : input.substr(body_at, body_bytes_);
  Restart();
  return used;
}

std::size_t RequestParser::TakeHead(Request& request) {
  const std::size_t used = leading_ + head_bytes_;
  std::swap(request, request_);
  request.body = {};
  Restart();
  return used;
}

void RequestParser::Restart() {
  scanned_ = line_start_ = lines_ = head_bytes_ = leading_ = 0;
  body_bytes_ = chunk_at_ = 0;
  chunks_ = ChunkedDecoder(LengthMax());
  chunked_ = expects_continue_ = false;
  parsed_at_ = nullptr;
  body_.clear();
}

}  // namespace tidemill::http
