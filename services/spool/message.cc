#include "services/spool/message.h"

namespace hikyaku::spool {

SpoolError spool_error(const storage::JournalError& error) {
  using From = storage::JournalFailure;
  switch (error.kind) {
    case From::NoSpace: return {SpoolFailure::NoSpace, error.what};
    case From::FlushFailed: return {SpoolFailure::FlushFailed, error.what};
    case From::TooLarge: return {SpoolFailure::TooLarge, error.what};
    case From::Gone: return {SpoolFailure::Gone, error.what};
    case From::Damaged: return {SpoolFailure::Damaged, error.what};
    case From::NotOwner: return {SpoolFailure::NotOwner, error.what};
    case From::Broken: break;
  }
  return {SpoolFailure::Broken, error.what};
}

}  // namespace hikyaku::spool
