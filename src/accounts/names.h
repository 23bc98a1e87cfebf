// What people choose: user names, names to show, addresses of mail, passwords; and what is wrong with one.
//
// A user name is ASCII, so that no two look alike; a name to show may be of any script, without what changes
// the text around it. Each problem is one sentence that says what to do. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::accounts {

inline constexpr std::size_t kUsernameBytesMax = 32;
inline constexpr std::size_t kNameBytesMax = 128;
inline constexpr std::size_t kEmailBytesMax = 254;
inline constexpr std::size_t kPasswordCharactersMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 256;

// As it is stored and compared: without blanks around it, in lower case.
std::string NormalisedUsername(std::string_view text);
std::string NormalisedName(std::string_view text);

// Each takes the normalised form. nullopt: it is good.
std::optional<std::string> WhyNotUsername(std::string_view username);
std::optional<std::string> WhyNotName(std::string_view name);
std::optional<std::string> WhyNotEmail(std::string_view email);  // "": none, which is good
std::optional<std::string> WhyNotPassword(std::string_view password, std::string_view username);

}  // namespace tidemill::accounts
