#include "postgres/opening/from_settings.h"

#include <utility>

namespace tidemill::postgres {
namespace {

constexpr const char* kUrl = "storage.postgres.url: ";

}  // namespace

Result<OpenOptions> OpenOptionsFor(const PostgresSettings& settings) {
  auto address = Address::Parse(settings.url.value, settings.password.value, Environment::OfProcess());
  if (!address) return Fail(Errc::kInvalidArgument, kUrl + address.error().detail);
  return OpenOptions{.address = *std::move(address), .connect_timeout = settings.connect_timeout};
}

Result<std::unique_ptr<const SessionOpener>> OpenerFor(const PostgresSettings& settings) {
  TM_TRY_ASSIGN(OpenOptions options, OpenOptionsFor(settings));
  auto opener = SessionOpener::Make(std::move(options));
  if (!opener) return Fail(Errc::kInvalidArgument, kUrl + opener.error().detail);
  return opener;
}

}  // namespace tidemill::postgres
