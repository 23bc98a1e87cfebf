#include "auth/algorithm.h"

#include <array>
#include <utility>

namespace tidemill::auth {
namespace {

struct Row {
  Algorithm algorithm;
  std::string_view name;
  KeyKind kind;
  const char* hash;
};

constexpr std::array kRows = {
    Row{Algorithm::kHs256, "HS256", KeyKind::kHmac, "SHA256"},
    Row{Algorithm::kHs384, "HS384", KeyKind::kHmac, "SHA384"},
    Row{Algorithm::kHs512, "HS512", KeyKind::kHmac, "SHA512"},
    Row{Algorithm::kRs256, "RS256", KeyKind::kRsa, "SHA256"},
    Row{Algorithm::kRs384, "RS384", KeyKind::kRsa, "SHA384"},
    Row{Algorithm::kRs512, "RS512", KeyKind::kRsa, "SHA512"},
    Row{Algorithm::kPs256, "PS256", KeyKind::kRsa, "SHA256"},
    Row{Algorithm::kPs384, "PS384", KeyKind::kRsa, "SHA384"},
    Row{Algorithm::kPs512, "PS512", KeyKind::kRsa, "SHA512"},
    Row{Algorithm::kEs256, "ES256", KeyKind::kEcdsa, "SHA256"},
    Row{Algorithm::kEs384, "ES384", KeyKind::kEcdsa, "SHA384"},
    Row{Algorithm::kEs512, "ES512", KeyKind::kEcdsa, "SHA512"},
    Row{Algorithm::kEdDsa, "EdDSA", KeyKind::kEd25519, ""},
};

const Row& RowOf(Algorithm algorithm) { return kRows[static_cast<std::size_t>(algorithm)]; }

}  // namespace

std::optional<Algorithm> AlgorithmNamed(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.algorithm;
  }
  return std::nullopt;
}

std::string_view Name(Algorithm algorithm) { return RowOf(algorithm).name; }
KeyKind KindOf(Algorithm algorithm) { return RowOf(algorithm).kind; }
bool IsPss(Algorithm algorithm) {
  return algorithm == Algorithm::kPs256 || algorithm == Algorithm::kPs384 || algorithm == Algorithm::kPs512;
}
const char* HashOf(Algorithm algorithm) { return RowOf(algorithm).hash; }

}  // namespace tidemill::auth
