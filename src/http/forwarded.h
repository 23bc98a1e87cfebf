// Whose request it is when proxies stand between: X-Forwarded-For, and Forwarded (RFC 7239), which are
// believed only as far as those who wrote them are trusted. Pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "http/message.h"
#include "net/networks.h"

namespace tidemill::http {

enum class ForwardedHeader : std::uint8_t { kXForwardedFor, kForwarded, kEither };

// The nearest address on the way back from `peer` that is none of the proxies'. What comes before it in the
// header may be anything its sender wrote. Where an element is no address, the proxy that wrote it stands for
// its client. kEither: X-Forwarded-For where it is there, else Forwarded.
net::IpAddress ClientAddress(std::span<const HeaderView> headers, const net::IpAddress& peer,
                             const net::Networks& proxies, ForwardedHeader header);

}  // namespace tidemill::http
