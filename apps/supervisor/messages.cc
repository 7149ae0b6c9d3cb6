#include "apps/supervisor/messages.h"

#include "base/wire.h"

namespace hikyaku::apps {

namespace {

std::uint64_t number(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
WallTime time(std::uint64_t number) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(number)}}; }

}  // namespace

std::string ListenerMessage::encode() const {
  WireWriter out;
  return std::move(out.text(name).text(wanted).text(address).text(trouble)).bytes();
}

std::optional<ListenerMessage> ListenerMessage::decode(std::string_view bytes) {
  WireReader in(bytes);
  ListenerMessage message;
  message.name = in.text(), message.wanted = in.text(), message.address = in.text(), message.trouble = in.text();
  return in.complete() ? std::optional(std::move(message)) : std::nullopt;
}

std::string SettingsMessage::encode() const {
  WireWriter out;
  return std::move(out.u8(text ? 1 : 0).text(text.value_or(""))).bytes();
}

std::optional<SettingsMessage> SettingsMessage::decode(std::string_view bytes) {
  WireReader in(bytes);
  SettingsMessage message;
  const bool readable = in.u8() == 1;
  std::string text(in.text());
  if (readable) message.text = std::move(text);
  return in.complete() ? std::optional(std::move(message)) : std::nullopt;
}

std::string SpawnMessage::encode() const {
  WireWriter out;
  out.text(process).text(settings_toml).text(settings_file).varint(listeners.size());
  for (const auto& listener : listeners) out.text(listener);
  return std::move(out).bytes();
}

std::optional<SpawnMessage> SpawnMessage::decode(std::string_view bytes) {
  WireReader in(bytes);
  SpawnMessage message;
  message.process = in.text(), message.settings_toml = in.text(), message.settings_file = in.text();
  const auto count = in.varint();
  if (count > 100) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) message.listeners.emplace_back(in.text());
  return in.complete() ? std::optional(std::move(message)) : std::nullopt;
}

std::string ProcessMessage::encode() const {
  WireWriter out;
  return std::move(out.text(process).u32(static_cast<std::uint32_t>(pid)).text(trouble)).bytes();
}

std::optional<ProcessMessage> ProcessMessage::decode(std::string_view bytes) {
  WireReader in(bytes);
  ProcessMessage message;
  message.process = in.text(), message.pid = static_cast<int>(in.u32()), message.trouble = in.text();
  return in.complete() ? std::optional(std::move(message)) : std::nullopt;
}

std::string BegunMessage::encode() const {
  WireWriter out;
  out.text(settings_path).text(data_folder).u32(static_cast<std::uint32_t>(parent_pid)).u8(first ? 1 : 0);
  out.u64(number(served_since)).u32(static_cast<std::uint32_t>(before_pid)).u64(number(before_ended)).text(before_how);
  return std::move(out).bytes();
}

std::optional<BegunMessage> BegunMessage::decode(std::string_view bytes) {
  WireReader in(bytes);
  BegunMessage message;
  message.settings_path = in.text(), message.data_folder = in.text();
  message.parent_pid = static_cast<int>(in.u32()), message.first = in.u8() == 1;
  message.served_since = time(in.u64()), message.before_pid = static_cast<int>(in.u32()), message.before_ended = time(in.u64());
  message.before_how = in.text();
  return in.complete() ? std::optional(std::move(message)) : std::nullopt;
}

}  // namespace hikyaku::apps
