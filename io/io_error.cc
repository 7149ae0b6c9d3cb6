#include "io/io_error.h"

#include <cerrno>

#include "io/system_error.h"

namespace hikyaku::io {

namespace {

IoFailure kind_of(int error) {
  switch (error) {
    case ETIMEDOUT:
      return IoFailure::TimedOut;
    case ECONNREFUSED:
    case ENOENT:
    case EACCES:
    case EPERM:
      return IoFailure::Refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EAFNOSUPPORT:
    case EINVAL:
    case EADDRNOTAVAIL:
      return IoFailure::Unreachable;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:
      return IoFailure::NoResources;
    default:
      return IoFailure::Reset;
  }
}

}  // namespace

IoError io_error_of(const char* call, int error) { return {kind_of(error), describe_errno(call, {}, error)}; }

}  // namespace hikyaku::io
