// Script<T>: a command as a coroutine. It reads like the RFC's own order of events, yet does no I/O: where it needs the
// store, the client or room in the output it stops, and the Session hands that wish to whoever drives it (session.h).
// Lazy, move-only, resumes its awaiter by symmetric transfer. One thread at a time.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace hikyaku::imap {

template <class T>
class Script;

namespace detail {

struct ResumeCaller {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
    const auto caller = finished.promise().caller;
    return caller ? caller : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct ScriptPromiseBase {
  std::coroutine_handle<> caller;
  std::exception_ptr thrown;
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] ResumeCaller final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <class T>
struct ScriptPromise : ScriptPromiseBase {
  std::optional<T> value;
  Script<T> get_return_object();
  template <class U>
  void return_value(U&& result) { value.emplace(std::forward<U>(result)); }
  T take() {
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
  }
};

template <>
struct ScriptPromise<void> : ScriptPromiseBase {
  Script<void> get_return_object();
  void return_void() const noexcept {}
  void take() const {
    if (thrown) std::rethrow_exception(thrown);
  }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Script {
 public:
  using promise_type = detail::ScriptPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Script() = default;
  explicit Script(Handle handle) : handle_(handle) {}
  Script(Script&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Script& operator=(Script&& other) noexcept {
    if (this != &other) destroy(), handle_ = std::exchange(other.handle_, {});
    return *this;
  }
  ~Script() { destroy(); }

  [[nodiscard]] bool done() const { return !handle_ || handle_.done(); }
  // Starts an outermost script.
  void start() const { handle_.resume(); }
  // Of a script that is done: its value, or the exception it ended with.
  T take() const { return handle_.promise().take(); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle handle;
      [[nodiscard]] bool await_ready() const noexcept { return handle.done(); }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) const noexcept {
        handle.promise().caller = caller;
        return handle;
      }
      T await_resume() const { return handle.promise().take(); }
    };
    return Awaiter{handle_};
  }

 private:
  void destroy() {
    if (handle_) handle_.destroy();
  }
  Handle handle_;
};

template <class T>
Script<T> detail::ScriptPromise<T>::get_return_object() {
  return Script<T>(std::coroutine_handle<ScriptPromise>::from_promise(*this));
}
inline Script<void> detail::ScriptPromise<void>::get_return_object() {
  return Script<void>(std::coroutine_handle<ScriptPromise>::from_promise(*this));
}

}  // namespace hikyaku::imap
