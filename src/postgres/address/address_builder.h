// From parameters to an Address: fills in what the environment says and the defaults, and checks each value.
#pragma once

#include <string>

#include "base/result.h"
#include "postgres/address/address.h"
#include "postgres/address/environment.h"
#include "postgres/address/parameters.h"

namespace tidemill::postgres {

// As Address::Parse.
Result<Address> BuildAddress(const Parameters& given, const std::string& password,
                             const Environment& environment);

}  // namespace tidemill::postgres
