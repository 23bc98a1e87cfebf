#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace tidemill {
namespace {

// The kernel is asked for a block at a time: one system call serves many identifiers.
struct Pool {
  std::array<std::byte, 1024> bytes;
  std::size_t used = 1024;
};

void Refill(Pool& pool) {
  std::size_t filled = 0;
  while (filled < pool.bytes.size()) {
    const ssize_t got = getrandom(pool.bytes.data() + filled, pool.bytes.size() - filled, 0);
    TM_ASSERT(got > 0);
    filled += static_cast<std::size_t>(got);
  }
  pool.used = 0;
}

}  // namespace

void FillRandom(std::span<std::byte> out) {
  thread_local Pool pool;
  while (!out.empty()) {
    if (pool.used == pool.bytes.size()) Refill(pool);
    const std::size_t take = std::min(out.size(), pool.bytes.size() - pool.used);
    std::memcpy(out.data(), pool.bytes.data() + pool.used, take);
    std::memset(pool.bytes.data() + pool.used, 0, take);
    pool.used += take;
    out = out.subspan(take);
  }
}

std::uint64_t RandomBelow(std::uint64_t bound) {
  TM_ASSERT(bound > 0);
  // Values below the threshold would make small results likelier; they are drawn again.
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    std::uint64_t value = 0;
    FillRandom(std::as_writable_bytes(std::span(&value, 1)));
    if (value >= threshold) return value % bound;
  }
}

std::string RandomLetters(std::size_t length) {
  constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string letters(length, 'a');
  for (char& letter : letters) letter = kLetters[RandomBelow(52)];
  return letters;
}

Uuid Uuid::Random() {
  Uuid uuid;
  FillRandom(std::as_writable_bytes(std::span(uuid.bytes)));
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
  return uuid;
}

std::string Uuid::ToString() const {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

}  // namespace tidemill
