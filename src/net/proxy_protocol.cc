#include "net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

namespace tidemill::net {
namespace {

using Parsed = Result<std::optional<ProxyHeader>>;

constexpr std::string_view kBegin1 = "PROXY ";
constexpr std::size_t kBytesMax1 = 107;
constexpr std::string_view kBegin2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedBytes2 = 16;

std::unexpected<Error> Wrong(const char* why) { return Fail(Errc::kInvalidArgument, why); }

// Takes what stands before the next blank off `line`.
std::string_view TakeWord(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && (text.size() == 1 || text[0] != '0');
}

// "PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n", "PROXY UNKNOWN …\r\n"
Parsed Parse1(std::string_view input) {
  const std::size_t end = input.substr(0, kBytesMax1).find("\r\n");
  if (end == input.npos) {
    if (input.size() >= kBytesMax1) return Wrong("a PROXY line without end");
    return std::optional<ProxyHeader>();
  }
  std::string_view line = input.substr(kBegin1.size(), end - kBegin1.size());
  ProxyHeader header{.bytes = end + 2};
  const std::string_view family = TakeWord(line);
  if (family == "UNKNOWN") return header;
  const bool v4 = family == "TCP4";
  if (!v4 && family != "TCP6") return Wrong("a PROXY line of an unknown family");
  const std::string_view source = TakeWord(line);
  const std::string_view destination = TakeWord(line);
  const std::string_view source_port = TakeWord(line);
  const Result<IpAddress> client = IpAddress::Parse(source);
  const bool good = client && IpAddress::Parse(destination) && source.contains(':') != v4 &&
                    destination.contains(':') != v4 && IsPort(source_port) && IsPort(line);
  if (!good) return Wrong("a PROXY line with a bad address or port");
  header.client = *client;
  return header;
}

Parsed Parse2(std::string_view input) {
  if (input.size() < kFixedBytes2) return std::optional<ProxyHeader>();
  const auto byte = [input](std::size_t at) { return static_cast<std::uint8_t>(input[at]); };
  const int version = byte(12) >> 4;
  const int command = byte(12) & 0xf;
  if (version != 2 || command > 1) return Wrong("a PROXY header of an unknown version or command");
  const std::size_t length = static_cast<std::size_t>(byte(14)) << 8 | byte(15);
  ProxyHeader header{.bytes = kFixedBytes2 + length};
  if (header.bytes > kProxyHeaderBytesMax) return Wrong("a PROXY header that is too long");
  const int family = byte(13) >> 4;
  const std::size_t address_bytes = family == 1 ? 4 : family == 2 ? 16 : 0;
  const bool has_client = command == 1 && address_bytes > 0;
  if (has_client && length < 2 * address_bytes + 4) return Wrong("a PROXY header with a cut address");
  if (input.size() < header.bytes) return std::optional<ProxyHeader>();
  if (!has_client) return header;
  IpAddress client;
  if (family == 1) client.bytes[10] = client.bytes[11] = 0xff;
  std::memcpy(client.bytes.data() + client.bytes.size() - address_bytes, input.data() + kFixedBytes2,
              address_bytes);
  // All zero would be a Unix socket's peer.
  if (client != IpAddress{}) header.client = client;
  return header;
}

}  // namespace

Parsed ParseProxyHeader(std::string_view input) {
  const auto begins = [input](std::string_view begin) {
    return input.substr(0, begin.size()) == begin.substr(0, input.size());
  };
  if (begins(kBegin1)) return input.size() < kBegin1.size() ? Parsed(std::nullopt) : Parse1(input);
  if (begins(kBegin2)) return input.size() < kBegin2.size() ? Parsed(std::nullopt) : Parse2(input);
  return Wrong("not a PROXY header");
}

}  // namespace tidemill::net
