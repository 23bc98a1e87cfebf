#include "net/networks.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace tidemill::net {
namespace {

constexpr std::size_t kMappedBits = 96;
constexpr std::size_t kAddressBits = 128;
constexpr std::string_view kUnix = "unix";

bool BitOf(const IpAddress& address, std::size_t bit) {
  return (address.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

bool StartAlike(const IpAddress& a, const IpAddress& b, std::size_t bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + static_cast<std::ptrdiff_t>(whole), b.bytes.begin())) {
    return false;
  }
  return bits % 8 == 0 || ((a.bytes[whole] ^ b.bytes[whole]) >> (8 - bits % 8)) == 0;
}

std::unexpected<Error> Wrong(std::string_view text, std::string_view why) {
  return Fail(Errc::kInvalidArgument,
              "\"" + std::string(text) + "\": " + std::string(why) +
                  "; accepted: \"10.0.0.0/8\", \"2001:db8::/32\", \"192.0.2.7\", \"unix\"");
}

}  // namespace

Result<Networks::Network> Networks::ParseOne(std::string_view text) {
  if (text == kUnix) return Network{.address = {}, .bits = kAddressBits};
  const std::size_t slash = text.find('/');
  const Result<IpAddress> address = IpAddress::Parse(text.substr(0, slash));
  if (!address) return Wrong(text, "not an IP address or a network");
  const bool v4 = address->IsIpv4() && !text.substr(0, slash).contains(':');
  Network network{.address = *address, .bits = kAddressBits};
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    std::size_t bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const std::size_t bits_max = v4 ? kAddressBits - kMappedBits : kAddressBits;
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > bits_max) {
      return Wrong(text, "the prefix is a number from 0 to " + std::to_string(bits_max));
    }
    network.bits = v4 ? kMappedBits + bits : bits;
  }
  for (std::size_t bit = network.bits; bit < kAddressBits; ++bit) {
    if (BitOf(network.address, bit)) return Wrong(text, "there are bits behind the prefix");
  }
  return network;
}

Result<Networks> Networks::Parse(std::span<const std::string> texts) {
  Networks networks;
  for (const std::string& text : texts) {
    TM_TRY_ASSIGN(Network network, ParseOne(text));
    networks.networks_.push_back(network);
  }
  return networks;
}

// A Unix socket's peer is all zero, which "::/0" must not mean.
bool Networks::Contains(const IpAddress& address) const {
  const bool is_unix = address == IpAddress{};
  return std::ranges::any_of(networks_, [&](const Network& network) {
    const bool of_unix = network.address == IpAddress{} && network.bits == kAddressBits;
    return is_unix ? of_unix : StartAlike(network.address, address, network.bits);
  });
}

}  // namespace tidemill::net
