// SASLprep (RFC 4013): the form of a password that both sides of a SCRAM authentication compute with, as
// PostgreSQL has it.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::postgres {

// The prepared password; the password itself where PostgreSQL takes that: it is ASCII, or not UTF-8, or holds
// what RFC 4013 prohibits or Unicode 3.2 does not know. Like PostgreSQL, and unlike RFC 3454, it looks for
// these before the normalization.
std::string SaslPrep(std::string_view password);

}  // namespace tidemill::postgres
