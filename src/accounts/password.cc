#include "accounts/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <span>

#include "base/assert.h"
#include "base/base64.h"
#include "base/random.h"

namespace tidemill::accounts {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kKeyBytes = 32;
constexpr std::uint64_t kMemoryMax = 256 << 20;

struct Parsed {
  PasswordCost cost;
  std::string salt;
  std::string key;
};

// RFC 7914 section 6: the blocks, the table, and what is worked on.
std::uint64_t MemoryOf(const PasswordCost& cost) {
  const std::uint64_t block = 128ull * cost.r;
  return (block << cost.log2_n) + block * (cost.p + 2);
}

bool IsUsable(const PasswordCost& cost) {
  return cost.log2_n >= 1 && cost.log2_n <= 24 && cost.r >= 1 && cost.r <= 64 && cost.p >= 1 &&
         cost.p <= 64 && MemoryOf(cost) <= kMemoryMax;
}

// "" when the library refuses it.
std::string Derive(std::string_view password, std::string_view salt, const PasswordCost& cost) {
  std::string key(kKeyBytes, '\0');
  const int done =
      EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                     salt.size(), std::uint64_t{1} << cost.log2_n, cost.r, cost.p, MemoryOf(cost) + (1 << 20),
                     reinterpret_cast<unsigned char*>(key.data()), key.size());
  return done == 1 ? key : "";
}

bool TakeNumber(std::string_view& text, std::string_view before, std::uint32_t& number) {
  if (!text.starts_with(before)) return false;
  text.remove_prefix(before.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::optional<Parsed> Parse(std::string_view hash) {
  Parsed parsed;
  if (!TakeNumber(hash, "$scrypt$ln=", parsed.cost.log2_n) || !TakeNumber(hash, ",r=", parsed.cost.r) ||
      !TakeNumber(hash, ",p=", parsed.cost.p) || !hash.starts_with('$')) {
    return std::nullopt;
  }
  hash.remove_prefix(1);
  const std::size_t dollar = hash.find('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  const auto salt = Base64Decode(hash.substr(0, dollar), Base64::kUrl);
  const auto key = Base64Decode(hash.substr(dollar + 1), Base64::kUrl);
  if (!salt || !key || key->size() != kKeyBytes || !IsUsable(parsed.cost)) return std::nullopt;
  parsed.salt = *salt;
  parsed.key = *key;
  return parsed;
}

}  // namespace

std::string HashPassword(std::string_view password, const PasswordCost& cost) {
  TM_ASSERT(IsUsable(cost));
  std::array<std::byte, kSaltBytes> random{};
  FillRandom(random);
  const std::string salt(reinterpret_cast<const char*>(random.data()), random.size());
  const std::string key = Derive(password, salt, cost);
  TM_ASSERT(!key.empty());
  return fmt::format("$scrypt$ln={},r={},p={}${}${}", cost.log2_n, cost.r, cost.p,
                     Base64Encode(salt, Base64::kUrl), Base64Encode(key, Base64::kUrl));
}

bool VerifyPassword(std::string_view password, std::string_view hash) {
  const auto parsed = Parse(hash);
  if (!parsed) return false;
  const std::string key = Derive(password, parsed->salt, parsed->cost);
  return key.size() == parsed->key.size() && CRYPTO_memcmp(key.data(), parsed->key.data(), key.size()) == 0;
}

bool NeedsRehash(std::string_view hash, const PasswordCost& cost) {
  const auto parsed = Parse(hash);
  return !parsed || parsed->cost != cost;
}

}  // namespace tidemill::accounts
