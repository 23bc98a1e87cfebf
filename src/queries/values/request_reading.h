// RequestReading: one request while RequestReader reads it.
//
// What decides about all else comes first (format, claims, kind of body); then every field is read, so that
// all that is wrong is known at once.
#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "http/message.h"
#include "queries/values/request_reader.h"
#include "queries/values/value.h"

namespace tidemill::queries {

class RequestReading {
 public:
  RequestReading(const RequestReader& reader, const http::Request& request, std::string_view claims);

  std::expected<TypedRequest, Refusal> Read();

 private:
  // The values of one input, and which of them are there.
  struct Input {
    sql::Parameters values;
    std::vector<bool> given;
  };
  // What a query string or a form says, by parameter.
  using Texts = std::map<std::size_t, std::vector<std::string>>;

  const files::Parameter& ParameterAt(std::size_t index) const;
  const sql::Type& TypeAt(std::size_t index) const;

  void ReadPreferences();
  bool ReadFormat();
  bool ReadClaims(Input& input);
  void ReadPath(Input& input);
  void ReadQuery(Input& input);
  void ReadBody(const Input& shared);
  void ReadForm(const Input& shared);
  void ReadJson(const Input& shared);
  void ReadPairs(std::string_view text, files::ParameterSource source, Input& input);
  void ReadElements(JsonReader& json, const Input& shared);
  Checked<sql::Parameter> ReadMember(std::size_t index, std::string_view json);
  void ReadElement(JsonReader& json, const Input& shared, const std::string& prefix);

  // A pair of a query or a form, of `source`.
  void ReadPair(std::string_view name, std::string_view value, files::ParameterSource source, Texts& texts);
  bool ReadReserved(const std::string& name, std::string_view value);
  void SetTexts(const Texts& texts, Input& input);
  void Set(std::size_t index, Checked<sql::Parameter> value, const std::string& prefix, Input& input);
  void AddUnknown(std::string_view name, files::ParameterSource source, const std::string& prefix);
  // Whether nothing is missing of `source`; defaults are filled in.
  void FillAbsent(files::ParameterSource source, const std::string& prefix, Input& input);
  void Finish(Input input);

  void ReadPage();
  void ReadOffsetPage(const files::Page& page);
  std::optional<std::uint64_t> ReadCount(const std::string& name, std::uint64_t most);

  const RequestReader& reader_;
  const http::Request& request_;
  const std::string_view claims_;
  const files::Query& query_;
  std::map<std::string, std::string, std::less<>> reserved_;  // limit, offset, cursor, sort
  std::size_t elements_ = 0;                                  // of the arrays of a body
  TypedRequest typed_;
  Refusal refusal_;
};

}  // namespace tidemill::queries
