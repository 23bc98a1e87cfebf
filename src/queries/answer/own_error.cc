#include "queries/answer/own_error.h"

namespace tidemill::queries {

OwnErrorFacts FactsOf(OwnError error) {
  switch (error) {
    case OwnError::kInvalidRequest: return {"TM100", 400};
    case OwnError::kUnauthenticated: return {"TM101", 401};
    case OwnError::kForbidden: return {"TM102", 403};
    case OwnError::kNoRow: return {"TM103", 404};
    case OwnError::kNotAcceptable: return {"TM104", 406};
    case OwnError::kTooManyValues: return {"TM105", 413};
    case OwnError::kUnsupportedMediaType: return {"TM106", 415};
    case OwnError::kRange: return {"TM107", 416};
    case OwnError::kKeyReused: return {"TM108", 422};
    case OwnError::kRate: return {"TM109", 429};
    case OwnError::kMaxAffected: return {"TM110", 400};
    case OwnError::kTooManyRows: return {"TM111", 500};
    case OwnError::kKeysetNull: return {"TM112", 500};
    case OwnError::kInternal: return {"TM113", 500};
    case OwnError::kBroken: return {"TM114", 503};
    case OwnError::kBusy: return {"TM115", 503};
    case OwnError::kUnavailable: return {"TM116", 503};
    case OwnError::kTimeout: return {"TM117", 504};
    case OwnError::kKeyUnderWay: return {"TM120", 409};
    case OwnError::kNoEndpoint: return {"TM118", 404};
    case OwnError::kWrongMethod: return {"TM119", 405};
  }
  return {"TM113", 500};
}

}  // namespace tidemill::queries
