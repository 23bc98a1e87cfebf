#include "cli/next_step.h"

#include <string_view>

namespace tidemill::cli {
namespace {

struct Step {
  std::string_view problem;  // in the error's detail
  std::string_view step;
};

// The problems are in the words of the system and of OpenSSL.
constexpr Step kSteps[] = {
    {"Connection refused", "is the server running? --url or --port names another one"},
    {"certificate verify failed", "SSL_CERT_FILE=ca.pem in the environment names the authority to trust"},
    {"wrong version number", "no TLS is spoken there; write http:// or ws://"},
};

}  // namespace

std::string WithNextStep(const Error& error) {
  std::string text = error.detail;
  for (const Step& step : kSteps) {
    if (error.detail.contains(step.problem)) text.append("; ").append(step.step);
  }
  return text;
}

}  // namespace tidemill::cli
