// Random bytes that nobody can guess (the kernel's), and the identifiers made of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tidemill {

// Fills `out`. Any thread. Aborts if the kernel has no randomness to give, which never happens after boot.
void FillRandom(std::span<std::byte> out);

// Uniform in [0, bound); bound > 0.
std::uint64_t RandomBelow(std::uint64_t bound);

// `length` letters a-zA-Z: the epoch of a stream is eight of them.
std::string RandomLetters(std::size_t length);

// A version 4 UUID (RFC 9562 section 5.4): client ids, session secrets, node ids.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  static Uuid Random();
  std::string ToString() const;  // 36 characters, lower case
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

}  // namespace tidemill
