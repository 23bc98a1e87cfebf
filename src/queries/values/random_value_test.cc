// Values of random types, from JSON to what Postgres gets and back to JSON: the same to the letter.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/base64.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "queries/values/testing/described.h"
#include "queries/values/value.h"
#include "sql/json_value.h"

namespace tidemill::queries {
namespace {

using testing::TypeOf;
using testing::TypePtr;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  // Of elements and attributes: arrays of arrays have no type of their own.
  TypePtr Type(int depth) {
    constexpr const char* kNames[] = {"int2", "int8", "numeric", "float8", "bool",
                                      "text", "json", "uuid",    "bytea",  "inet"};
    const int choice = Below(depth == 0 ? 11 : 14);
    if (choice < 10) return TypeOf(kNames[choice]);
    if (choice == 10) return testing::EnumOf({"", "a,b", "\"", "NULL", "é"});
    if (choice == 11) return Composite(depth);
    return testing::ArrayOf(Scalar(depth - 1));
  }

  std::string Json(const sql::Type& type) {
    if (Below(8) == 0) return "null";
    switch (type.kind) {
      case sql::Kind::kInteger: return std::to_string(static_cast<std::int16_t>(random_()));
      case sql::Kind::kNumeric: return Digits(1 + Below(60)) + "." + Digits(1 + Below(30));
      case sql::Kind::kFloat: return Below(2) == 0 ? "-1.5e-7" : "\"NaN\"";
      case sql::Kind::kBoolean: return Below(2) == 0 ? "true" : "false";
      case sql::Kind::kUuid: return "\"123e4567-e89b-12d3-a456-426614174000\"";
      case sql::Kind::kEnum: return Quoted(type.labels[static_cast<std::size_t>(Below(5))]);
      case sql::Kind::kBytes: return Quoted(Base64Encode(Bytes(), Base64::kStandard));
      case sql::Kind::kJson: return "{\"k\":[" + Quoted(Text()) + ",1.0]}";
      case sql::Kind::kArray: return Array(*type.element, Below(4) == 0 ? 2 : 1);
      case sql::Kind::kComposite: return Object(type);
      default: return Quoted(Text());
    }
  }

 private:
  int Below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  // An array of composites, but not of arrays.
  TypePtr Scalar(int depth) {
    for (;;) {
      TypePtr type = Type(depth);
      if (type->kind != sql::Kind::kArray) return type;
    }
  }
  TypePtr Composite(int depth) {
    std::vector<sql::Attribute> attributes;
    for (int i = 0; i <= Below(4); ++i) attributes.push_back({"a" + std::to_string(i), Type(depth - 1)});
    return testing::CompositeOf(std::move(attributes));
  }
  std::string Digits(int count) {
    std::string digits = std::to_string(1 + Below(9));
    while (count-- > 1) digits += std::to_string(Below(10));
    return digits;
  }
  std::string Bytes() {
    std::string bytes;
    for (int left = Below(20); left > 0; --left) bytes += static_cast<char>(random_());
    return bytes;
  }
  // With all that means something in a literal.
  std::string Text() {
    constexpr std::string_view kTraps = "\"\\{}(),;' \n\tNULab";
    std::string text;
    for (int left = Below(12); left > 0; --left) {
      if (Below(6) == 0) {
        AppendUtf8(static_cast<char32_t>(0x80 + Below(0x700)), text);
      } else {
        text += kTraps[static_cast<std::size_t>(Below(static_cast<int>(kTraps.size())))];
      }
    }
    return text;
  }
  static std::string Quoted(const std::string& text) {
    std::string json;
    AppendJsonString(text, json);
    return json;
  }
  std::string Array(const sql::Type& element, int dimensions) {
    // Without dimensions Postgres knows one empty array only.
    const int inner = 1 + Below(3);
    std::string json = "[";
    for (int left = dimensions == 2 ? 1 + Below(3) : Below(4); left > 0; --left) {
      if (json.size() > 1) json += ',';
      if (dimensions == 1) {
        json += Json(element);
        continue;
      }
      json += '[';
      for (int i = 0; i < inner; ++i) json += (i == 0 ? "" : ",") + Json(element);
      json += ']';
    }
    return json + "]";
  }
  std::string Object(const sql::Type& type) {
    std::string json;
    for (const sql::Attribute& attribute : type.attributes) {
      json += (json.empty() ? "{\"" : ",\"") + attribute.name + "\":" + Json(*attribute.type);
    }
    return json + "}";
  }

  std::mt19937 random_;
};

TEST(RandomValues, ComeBackToTheLetter) {
  int nested = 0;
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator(seed);
    const TypePtr type = generator.Type(2);
    if (type->kind != sql::Kind::kArray && type->kind != sql::Kind::kComposite) continue;
    const std::string json = generator.Json(*type);
    const auto value = FromJson(*type, json, sql::Dialect::kPostgres);
    ASSERT_TRUE(value) << json << "\n" << value.error();
    const auto* const literal = std::get_if<std::string>(&*value);
    if (literal == nullptr) {
      EXPECT_EQ(json, "null");
      continue;
    }
    ++nested;
    sql::JsonBuffer again;
    sql::AppendJsonValue(*type, type->kind, *literal, {}, again);
    ASSERT_EQ(again.view(), json) << *literal;
  }
  EXPECT_GT(nested, 2'000);
}

}  // namespace
}  // namespace tidemill::queries
