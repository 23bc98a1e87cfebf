// A cluster of databases as initdb leaves it, made once for each version on this machine and copied for every
// server: initdb takes seconds, a copy does not.
//
// Blocks. Several processes may ask at once.
#pragma once

#include <string>

namespace tidemill::postgres::testing {

// Copies it to `folder`/data, where `programs` has the version's initdb. Its superuser is "postgres".
void CopyTemplate(const std::string& programs, const std::string& folder);

}  // namespace tidemill::postgres::testing
