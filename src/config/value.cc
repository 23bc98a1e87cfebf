#include "config/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "base/base64.h"
#include "base/utf8.h"
#include "config/duration.h"
#include "config/file.h"

namespace tidemill::config {
namespace {

constexpr std::size_t kShownBytesMax = 64;
constexpr std::size_t kPemBytesMax = 64 * 1024;
constexpr std::size_t kSecretBytesMax = 64 * 1024;
constexpr std::string_view kFileScheme = "file:";
constexpr std::string_view kBase64Scheme = "base64:";

std::unexpected<Error> Wrong(std::string detail) { return Fail(Errc::kInvalidArgument, std::move(detail)); }

// The text of a value that is one, whichever way it came.
const std::string* TextOf(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text;
  if (const auto* untyped = std::get_if<Untyped>(&value)) return &untyped->text;
  return nullptr;
}

bool HasControlByte(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f;
  });
}

Result<void> CheckText(std::string_view text) {
  if (HasControlByte(text)) return Wrong("holds a control byte");
  if (!IsUtf8(text)) return Wrong("not UTF-8");
  return {};
}

// A line of text ends with its line; of anything else each byte counts.
Result<std::string> ReadSecretFile(const std::string& path) {
  Result<std::string> content = ReadFile(path, kSecretBytesMax);
  if (!content) return Wrong(fmt::format("{}: {}", path, content.error().detail));
  if (IsUtf8(*content)) {
    if (content->ends_with('\n')) content->pop_back();
    if (content->ends_with('\r')) content->pop_back();
  }
  if (content->empty()) return Wrong(fmt::format("{}: nothing is in it", path));
  return content;
}

// Either alphabet, padded or not: secrets come from many tools.
Result<std::string> DecodeSecret(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  std::optional<std::string> bytes = Base64Decode(text, Base64::kUrl);
  if (!bytes || bytes->empty()) return Wrong("not base64 behind \"base64:\"");
  return *std::move(bytes);
}

// The secret that a text stands for: itself, the content of a file, bytes in base64.
Result<std::string> SecretOf(const Key& key, const std::string& text) {
  const bool of_bytes = key.facts.text == TextFrom::kBytes;
  if (text == kMask) return Wrong("the mask that `config show` prints, not the secret itself");
  if (text.starts_with(kFileScheme)) {
    TM_TRY_ASSIGN(std::string content, ReadSecretFile(text.substr(kFileScheme.size())));
    if (!of_bytes) TM_TRY(CheckText(content));
    return content;
  }
  if (of_bytes && text.starts_with(kBase64Scheme)) return DecodeSecret(text.substr(kBase64Scheme.size()));
  TM_TRY(CheckText(text));
  return text;
}

Result<void> AssignBool(const Value& value, bool& out) {
  if (const bool* given = std::get_if<bool>(&value)) {
    out = *given;
    return {};
  }
  if (const auto* untyped = std::get_if<Untyped>(&value)) {
    out = untyped->text == "true" || untyped->text == "1";
    if (out || untyped->text == "false" || untyped->text == "0") return {};
  }
  return Wrong("not a boolean; write true or false");
}

template <class Integer>
Result<void> AssignInteger(const Key& key, const Value& value, const Bounds& bounds, Integer& out) {
  const std::string not_a_number = fmt::format("not a whole number; accepted: {}", RangeText(key));
  const std::string out_of_range = fmt::format("out of range; accepted: {}", RangeText(key));
  std::int64_t number = 0;
  if (const auto* untyped = std::get_if<Untyped>(&value)) {
    const char* end = untyped->text.data() + untyped->text.size();
    const auto read = std::from_chars(untyped->text.data(), end, number);
    if (read.ptr != end || read.ec == std::errc::invalid_argument) return Wrong(not_a_number);
    if (read.ec != std::errc{}) return Wrong(out_of_range);
  } else if (const auto* given = std::get_if<std::int64_t>(&value)) {
    number = *given;
  } else {
    return Wrong(not_a_number);
  }
  if (number < bounds.min || number > bounds.max) return Wrong(out_of_range);
  out = static_cast<Integer>(number);
  return {};
}

Result<void> AssignDuration(const Key& key, const Value& value, const Bounds& bounds, Duration& out) {
  const std::string* text = TextOf(value);
  const Result<Duration> duration = text == nullptr ? Fail(Errc::kInvalidArgument, "") : ParseDuration(*text);
  if (!duration) return Wrong(fmt::format("not a duration; write it like \"25s\" ({})", RangeText(key)));
  if (duration->ms < bounds.min || duration->ms > bounds.max) {
    return Wrong(fmt::format("out of range; accepted: {}", RangeText(key)));
  }
  out = *duration;
  return {};
}

// A PEM may be given as it is or as the file that holds it; the settings hold the text.
Result<void> AssignPem(const std::string& text, std::string& out) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  std::string pem = text;
  if (!text.empty() && !text.contains(kBegin)) {
    Result<std::string> content = ReadFile(text, kPemBytesMax);
    if (!content) {
      return Wrong(
          fmt::format("{}; give the text of a PEM, or the path of a file with it", content.error().detail));
    }
    if (!content->contains(kBegin)) return Wrong("a file without a PEM in it");
    pem = *std::move(content);
  }
  if (pem.contains("PRIVATE KEY-----")) return Wrong("a private key; only the public one belongs here");
  TM_TRY(CheckText(pem));
  out = std::move(pem);
  return {};
}

Result<void> AssignString(const Key& key, const Value& value, std::string& out) {
  const std::string* text = TextOf(value);
  if (text == nullptr) return Wrong("not a string; write it in quotes");
  if (key.facts.text == TextFrom::kPem) return AssignPem(*text, out);
  TM_TRY(CheckText(*text));
  if (!key.facts.choices.empty() && std::ranges::find(key.facts.choices, *text) == key.facts.choices.end()) {
    return Wrong(fmt::format("accepted: {}", RangeText(key)));
  }
  out = *text;
  return {};
}

Result<void> AssignSecret(const Key& key, const Value& value, Secret& out) {
  const std::string* text = TextOf(value);
  if (text == nullptr) return Wrong("not a string; write it in quotes");
  TM_TRY_ASSIGN(out.value, SecretOf(key, *text));
  return {};
}

// A comma separates nothing, but may stand in braces: "http{,s}://a.com".
bool HasCommaOutsideBraces(std::string_view text) {
  bool in_braces = false;
  for (const char c : text) {
    if (c == ',' && !in_braces) return true;
    if (c == '{' || c == '}') in_braces = c == '{';
  }
  return false;
}

Result<std::vector<std::string>> ListOf(const Untyped& given) {
  std::vector<std::string> words = Words(given.text);
  const bool is_json = !words.empty() && words.front().starts_with('[') && given.text.contains('"');
  if (is_json || std::ranges::any_of(words, HasCommaOutsideBraces)) {
    return Fail(Errc::kInvalidArgument,
                "blanks separate the values of a list here, \"a b\"; one with a comma in it can stand in the "
                "file only");
  }
  return words;
}

Result<std::vector<std::string>> ListOf(const Value& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
  if (const auto* untyped = std::get_if<Untyped>(&value)) return ListOf(*untyped);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return text->empty() ? std::vector<std::string>{} : std::vector{*text};
  }
  return Fail(Errc::kInvalidArgument, "not a list of strings; write [\"a\", \"b\"]");
}

Result<void> AssignStrings(const Value& value, std::vector<std::string>& out) {
  TM_TRY_ASSIGN(std::vector<std::string> list, ListOf(value));
  for (const std::string& item : list) {
    if (item.empty()) return Wrong("an empty string in the list");
    TM_TRY(CheckText(item));
  }
  out = std::move(list);
  return {};
}

Result<void> AssignSecrets(const Key& key, const Value& value, std::vector<Secret>& out) {
  TM_TRY_ASSIGN(std::vector<std::string> list, ListOf(value));
  std::vector<Secret> secrets;
  for (std::string& item : list) {
    if (item.empty()) return Wrong("an empty string in the list");
    TM_TRY_ASSIGN(std::string secret, SecretOf(key, item));
    secrets.push_back({std::move(secret)});
  }
  out = std::move(secrets);
  return {};
}

Result<void> AssignAddresses(const Value& value, std::vector<StoreAddress>& out) {
  TM_TRY_ASSIGN(std::vector<std::string> list, ListOf(value));
  std::vector<StoreAddress> addresses;
  for (std::string& item : list) {
    if (item.empty()) return Wrong("an empty string in the list");
    if (item.contains(fmt::format(":{}@", kMask))) {
      return Wrong("the mask that `config show` prints, not the password itself");
    }
    TM_TRY(CheckText(item));
    addresses.push_back({std::move(item)});
  }
  out = std::move(addresses);
  return {};
}

template <class Json>
Result<void> AssignJson(const Value& value, Result<> (*check)(std::string_view), Json& out) {
  const auto* json = std::get_if<JsonText>(&value);
  const std::string* text = json == nullptr ? TextOf(value) : &json->text;
  TM_TRY(check(text == nullptr ? "" : *text));
  out.text = *text;
  return {};
}

std::string QuoteShort(std::string_view text) {
  // A private key in the wrong place stays out of logs as well.
  if (text.contains("PRIVATE KEY-----")) return std::string(kMask);
  if (text.size() <= kShownBytesMax) return Quote(text);
  return Quote(fmt::format("{}…", CutUtf8(text, kShownBytesMax)));
}

template <class Items, class Print>
std::string QuoteList(const Items& items, Print print) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ", ";
    out += print(item);
  }
  return out + "]";
}

}  // namespace

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(" \t\n"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

Result<void> Assign(const Key& key, const Value& value, void* settings) {
  const Field field = key.field(settings);
  const Bounds bounds = BoundsOf(key);
  return std::visit(
      [&]<class T>(T* out) -> Result<void> {
        if constexpr (std::same_as<T, bool>) return AssignBool(value, *out);
        if constexpr (std::same_as<T, Duration>) return AssignDuration(key, value, bounds, *out);
        if constexpr (std::same_as<T, std::string>) return AssignString(key, value, *out);
        if constexpr (std::same_as<T, Secret>) return AssignSecret(key, value, *out);
        if constexpr (std::same_as<T, std::vector<std::string>>) return AssignStrings(value, *out);
        if constexpr (std::same_as<T, std::vector<Secret>>) return AssignSecrets(key, value, *out);
        if constexpr (std::same_as<T, std::vector<StoreAddress>>) return AssignAddresses(value, *out);
        if constexpr (std::same_as<T, JsonArray>) return AssignJson(value, CheckJsonArray, *out);
        if constexpr (std::same_as<T, JsonObject>) return AssignJson(value, CheckJsonObject, *out);
        if constexpr (std::same_as<T, SecretObject>) {
          return AssignJson(value, CheckSecretObject, *out);
        }
        if constexpr (std::integral<T> && !std::same_as<T, bool>) {
          return AssignInteger(key, value, bounds, *out);
        }
      },
      field);
}

std::string Describe(const Key& key, const Value& value) {
  if (IsSecret(key)) return std::string(kMask);
  if (const std::string* text = TextOf(value)) return QuoteShort(*text);
  if (const bool* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::to_string(*number);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return QuoteList(*list, QuoteShort);
  if (const auto* json = std::get_if<JsonText>(&value)) return QuoteShort(json->text);
  return std::string(std::get<NotAValue>(value).what);
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string ToToml(const Field& field, SecretsIn secrets) {
  const auto print_secret = [secrets](const Secret& secret) {
    if (secrets == SecretsIn::kMasked && !secret.empty()) return Quote(kMask);
    if (CheckText(secret.value)) return Quote(secret.value);
    return Quote(fmt::format("{}{}", kBase64Scheme, Base64Encode(secret.value, Base64::kStandard)));
  };
  const auto print_address = [secrets](const StoreAddress& address) {
    return Quote(secrets == SecretsIn::kMasked ? MaskPassword(address.text) : address.text);
  };
  const auto print_text = [secrets](const std::string& text) {
    return Quote(secrets == SecretsIn::kMasked ? MaskUrl(text) : text);
  };
  return std::visit(
      [&]<class T>(const T* in) -> std::string {
        if constexpr (std::same_as<T, bool>) return *in ? "true" : "false";
        if constexpr (std::same_as<T, Duration>) return Quote(ToString(*in));
        if constexpr (std::same_as<T, std::string>) return print_text(*in);
        if constexpr (std::same_as<T, Secret>) return print_secret(*in);
        if constexpr (std::same_as<T, std::vector<std::string>>) return QuoteList(*in, print_text);
        if constexpr (std::same_as<T, std::vector<Secret>>) return QuoteList(*in, print_secret);
        if constexpr (std::same_as<T, std::vector<StoreAddress>>) return QuoteList(*in, print_address);
        if constexpr (std::same_as<T, JsonArray> || std::same_as<T, JsonObject>) return TomlOfJson(in->text);
        if constexpr (std::same_as<T, SecretObject>) {
          return TomlOfJson(secrets == SecretsIn::kMasked ? MaskValues(in->text) : in->text);
        }
        if constexpr (std::integral<T> && !std::same_as<T, bool>) return fmt::to_string(*in);
      },
      field);
}

}  // namespace tidemill::config
