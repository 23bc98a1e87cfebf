#include "websocket/extensions.h"

#include "base/ascii.h"

namespace tidemill::websocket {
namespace {

// Reads the header from its front.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_.front())) rest_.remove_prefix(1);
  }
  bool AtEnd() const { return rest_.empty(); }

  // Takes `mark` and the blanks around it, if it is there.
  bool Take(char mark) {
    SkipBlanks();
    if (rest_.empty() || rest_.front() != mark) return false;
    rest_.remove_prefix(1);
    SkipBlanks();
    return true;
  }

  // "" when there is none.
  std::string Token() {
    std::size_t length = 0;
    while (length < rest_.size() && IsTokenByte(rest_[length])) ++length;
    std::string token(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return token;
  }

  // A token, or a quoted string that holds one; "" when there is neither.
  std::string Value() {
    if (rest_.empty() || rest_.front() != '"') return Token();
    rest_.remove_prefix(1);
    std::string value;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty() || !IsTokenByte(rest_.front())) return {};
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return {};
    rest_.remove_prefix(1);
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<ExtensionOffer> ParseOffer(Scanner& scanner) {
  ExtensionOffer offer{.name = scanner.Token(), .parameters = {}};
  if (offer.name.empty()) return std::nullopt;
  while (scanner.Take(';')) {
    ExtensionParameter parameter{.name = scanner.Token(), .value = {}};
    if (parameter.name.empty()) return std::nullopt;
    if (scanner.Take('=')) {
      parameter.value = scanner.Value();
      if (parameter.value->empty()) return std::nullopt;
    }
    offer.parameters.push_back(std::move(parameter));
  }
  return offer;
}

}  // namespace

std::optional<std::vector<ExtensionOffer>> ParseExtensions(std::string_view header) {
  std::vector<ExtensionOffer> offers;
  Scanner scanner(header);
  for (;;) {
    // RFC 9110 section 5.6.1: a recipient passes over empty list elements.
    while (scanner.Take(',')) continue;
    scanner.SkipBlanks();
    if (scanner.AtEnd()) return offers;
    auto offer = ParseOffer(scanner);
    if (!offer) return std::nullopt;
    offers.push_back(*std::move(offer));
    scanner.SkipBlanks();
    if (!scanner.AtEnd() && !scanner.Take(',')) return std::nullopt;
  }
}

}  // namespace tidemill::websocket
