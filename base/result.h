// Result<T, E>: how expected failures travel (the client, the network, the disk, the configuration while running).
// A bug of ours is not a Result: see base/check.h.
#pragma once

#include <expected>
#include <utility>

namespace hikyaku {

template <class T, class E>
using Result = std::expected<T, E>;

// Wraps an error for return from a function whose result is Result<T, E>.
template <class E>
[[nodiscard]] constexpr auto failure(E&& error) {
  return std::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace hikyaku

#define HIKYAKU_JOIN_(a, b) a##b
#define HIKYAKU_JOIN(a, b) HIKYAKU_JOIN_(a, b)

// TRY(name, expression): declares `name` as the value of a Result, or returns its error from this function.
#define TRY(name, ...)                                             \
  auto HIKYAKU_JOIN(name, _result) = (__VA_ARGS__);                \
  if (!HIKYAKU_JOIN(name, _result))                                \
    return std::unexpected(std::move(HIKYAKU_JOIN(name, _result)).error()); \
  auto name = *std::move(HIKYAKU_JOIN(name, _result))

// TRY_VOID(expression): returns the error of a Result<void, E> (or of any Result whose value is not wanted).
#define TRY_VOID(...)                                                        \
  do {                                                                       \
    auto hikyaku_result = (__VA_ARGS__);                                     \
    if (!hikyaku_result) return std::unexpected(std::move(hikyaku_result).error()); \
  } while (false)

// The same inside a coroutine. Name what you await: `auto r = co_await f(); CO_TRY(value, std::move(r));`.
#define CO_TRY(name, ...)                                          \
  auto HIKYAKU_JOIN(name, _result) = (__VA_ARGS__);                \
  if (!HIKYAKU_JOIN(name, _result))                                \
    co_return std::unexpected(std::move(HIKYAKU_JOIN(name, _result)).error()); \
  auto name = *std::move(HIKYAKU_JOIN(name, _result))

#define CO_TRY_VOID(...)                                                        \
  do {                                                                          \
    auto hikyaku_result = (__VA_ARGS__);                                        \
    if (!hikyaku_result) co_return std::unexpected(std::move(hikyaku_result).error()); \
  } while (false)
