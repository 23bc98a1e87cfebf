// What must not be printed: secrets, and addresses that may have a password in them.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::config {

// What is printed in the place of a secret.
inline constexpr std::string_view kMask = "***";

// A value that is never printed: shown as "***" by every dump and log.
struct Secret {
  std::string value;
  bool empty() const { return value.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;
};

// The address of a store as it is written, "redis://user:password@host": printed with "***" for the password.
struct StoreAddress {
  std::string text;
  friend bool operator==(const StoreAddress&, const StoreAddress&) = default;
};

// The text of an address with "***" for its password.
std::string MaskPassword(std::string_view text);

// A text that may be a URL, with "***" for its password and for its query, which may have a key in it. What
// has no "://" stays as it is.
std::string MaskUrl(std::string_view text);

}  // namespace tidemill::config
