// How a directory command fails: always one sentence with a remedy, for the person who typed it.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "storage/engine.h"

namespace hikyaku::directory {

enum class DirectoryFailure : std::uint8_t {
  NotFound,
  AlreadyExists,
  BadValue,      // a name, address, pattern or number that cannot be
  InUse,         // something else still needs it
  NotSeen,       // done, but a running service has not taken it up in time: `what` names it
  Unavailable,   // the store did not answer, or others kept changing the directory
};

struct DirectoryError {
  DirectoryFailure kind;
  std::string what;
};
template <class T = void>
using DirectoryResult = Result<T, DirectoryError>;

[[nodiscard]] inline std::unexpected<DirectoryError> refuse(DirectoryFailure kind, std::string what) {
  return failure(DirectoryError{kind, std::move(what)});
}
[[nodiscard]] inline std::unexpected<DirectoryError> refuse(const storage::StoreError& error) {
  return refuse(DirectoryFailure::Unavailable, "The directory cannot be reached (" + error.what + "); look at the disk and try again.");
}

}  // namespace hikyaku::directory
