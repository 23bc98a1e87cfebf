// Words: the unquoted words of a SQL text, one after the other. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidemill::postgres {

class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}
  // In lower case; "" after the last. Numbers, quoted names, strings and signs are passed over.
  std::string Next();
  // Behind a name that is called: its last argument, in lower case and without blanks; "": it is not called.
  std::string LastArgument();

 private:
  bool SkipComment();
  bool SkipQuoted();
  void SkipUntil(char quote, bool has_escapes);
  void SkipDollarQuoted();
  char At(std::size_t offset) const { return at_ + offset < text_.size() ? text_[at_ + offset] : '\0'; }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace tidemill::postgres
