#include "queries/answer/links.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/percent.h"
#include "queries/values/url_encoded.h"

namespace tidemill::queries {
namespace {

// RFC 3986 section 2.3: all but the unreserved bytes.
void AppendEncoded(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (IsLetter(c) || IsDigit(c) || (c != '\0' && std::string_view("-._~,").contains(c))) {
      out += c;
    } else {
      AppendPercentEncoded(c, out);
    }
  }
}

bool IsKept(const files::Query& query, const std::string& name) {
  if (!query.sort.empty() && name == "sort") return true;
  return std::ranges::any_of(query.parameters, [&](const files::Parameter& parameter) {
    return parameter.source == files::ParameterSource::kQuery && parameter.name == name;
  });
}

}  // namespace

std::string KeptQuery(const files::Query& query, std::string_view sent) {
  std::string kept;
  UrlPairs pairs(sent);
  while (const auto pair = pairs.Next()) {
    const auto name = DecodeUrl(pair->name, Plus::kBlank);
    const auto value = DecodeUrl(pair->value, Plus::kBlank);
    if (!name || !value || !IsKept(query, *name)) continue;
    AppendEncoded(*name, kept);
    kept += '=';
    AppendEncoded(*value, kept);
    kept += '&';
  }
  return kept;
}

std::string Link(std::string_view query, std::string_view relation) {
  return "<?" + std::string(query) + ">; rel=\"" + std::string(relation) + "\"";
}

}  // namespace tidemill::queries
