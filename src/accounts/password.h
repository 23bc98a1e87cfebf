// Passwords as they are stored: scrypt (RFC 7914), with the cost in front so that it can be raised later:
// "$scrypt$ln=15,r=8,p=3$SALT$KEY", both in base64url.
//
// Computing one takes a quarter of a second of CPU and 32 MiB: not on a loop (hasher.h). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::accounts {

// The cost that OWASP's Password Storage Cheat Sheet gives for 32 MiB.
struct PasswordCost {
  std::uint32_t log2_n = 15;
  std::uint32_t r = 8;
  std::uint32_t p = 3;
  friend bool operator==(const PasswordCost&, const PasswordCost&) = default;
};

// With a new salt of 16 bytes.
std::string HashPassword(std::string_view password, const PasswordCost& cost);

// Compares in constant time. False also for what is no such hash, or one that costs more than 256 MiB.
bool VerifyPassword(std::string_view password, std::string_view hash);

// Whether the hash was made at another cost.
bool NeedsRehash(std::string_view hash, const PasswordCost& cost);

}  // namespace tidemill::accounts
