// What a statement does, as far as its words tell: enough to choose and to doubt a method. Whether a
// statement that is to read only reads is the database's to see to.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "queries/files/token.h"

namespace tidemill::files {

// insert, update, delete, merge, or a definition; also inside of a "with".
bool Writes(std::string_view text, std::span<const Token> statement);

// One insert, update, delete or merge, and nothing else that writes: a row that it neither gives nor counts
// it has not changed.
bool ChangesPlainly(std::string_view text, std::span<const Token> statement);

// "": a query may be this statement. Begin, commit and their like are not: the server makes transactions.
std::string WhyNotServed(std::string_view text, std::span<const Token> statement);

}  // namespace tidemill::files
