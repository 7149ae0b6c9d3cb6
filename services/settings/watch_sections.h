// The sections about watching: what is kept of the queue's history, who is told of what, and metrics.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct HistorySection : Section {
  HistorySection() : Section("history", "The queue's history: what waited when, kept 400 days, thinned (`hikyaku queue history`).", "キューの履歴。待っていたメールの推移を間引きながら 400 日分残す(hikyaku queue history)。") {}
  Setting<Seconds> sample_interval{*this, "sample_interval", {
      .help = "Time between two looks at the queue.", .help_ja = "キューを調べる間隔。", .preset = 60s, .min = 1s, .max = 1h}};
};

struct MetricsSection : Section {
  MetricsSection() : Section("metrics", "Metrics for Prometheus: `hikyaku metrics`, [listen] metrics, or a file.", "Prometheus 用のメトリクス。hikyaku metrics、[listen] metrics、またはファイルで読める。") {}
  Setting<Text> file{*this, "file", {
      .help = "File replaced every 15 seconds, for the textfile collector of Prometheus' node exporter: \"/var/lib/prometheus/node-exporter/hikyaku.prom\". The services' user must be able to write its folder. Empty: none.",
      .help_ja = "15 秒ごとに書き換えるファイル(Prometheus node exporter の textfile collector 用)。サービスのユーザがそのフォルダに書き込める必要がある。空なら書かない。",
      .takes_effect = TakesEffect::ServiceRestart}};
};

struct AlarmSection : Section {
  AlarmSection() : Section("alarm", "Thresholds on what waits, and who is told when one is passed, and when that is over. Never by mail.",
                           "待っているメールのしきい値と、超えたとき、解消したときの通知先。メールでは通知しない。") {}
  Setting<Seconds> incoming_age{*this, "incoming_age", {
      .help = "Alarm when a message has waited so long for its first attempt; 0s: never.", .help_ja = "初回配送をこの時間待つメールがあれば警報。0s なら出さない。",
      .preset = 30min, .min = 0s, .max = 240h}};
  Setting<Seconds> deferred_age{*this, "deferred_age", {
      .help = "Alarm when a recipient has waited so long since its first failure; 0s: never.", .help_ja = "最初の失敗からこの時間が経つ宛先があれば警報。0s なら出さない。",
      .preset = 0s, .min = 0s, .max = 960h}};
  Setting<Count> messages{*this, "messages", {
      .help = "Alarm when more messages wait in incoming and holding; 0: never.", .help_ja = "incoming と holding のメールがこの数を超えれば警報。0 なら出さない。",
      .preset = 100'000, .min = 0, .max = 1'000'000'000}};
  Setting<ByteCount> octets{*this, "octets", {
      .help = "Alarm when they are larger together; 0: never.", .help_ja = "その合計容量がこれを超えれば警報。0 なら出さない。",
      .preset = ByteCount{0}, .min = ByteCount{0}, .max = ByteCount{1ULL << 60}}};
  Setting<Count> growth{*this, "growth", {
      .help = "Alarm when there are so many more than at the lowest of the last hour; 0: never.", .help_ja = "過去 1 時間の最少時よりこの数を超えて増えれば警報。0 なら出さない。",
      .preset = 20'000, .min = 0, .max = 1'000'000'000}};
  Setting<Seconds> silence{*this, "silence", {
      .help = "Alarm when nothing was told of the queue for so long: deliver is stopped, stands still, or cannot write; 0s: never.",
      .help_ja = "キューの記録がこの時間途絶えれば警報(deliver の停止、固着、書き込み不能)。0s なら出さない。", .preset = 10min, .min = 0s, .max = 240h}};
  Setting<Count> clear_percent{*this, "clear_percent", {
      .help = "An alarm is over when its figure is at this share of the limit or below.", .help_ja = "値がしきい値のこの割合以下になれば警報を解消する。",
      .preset = 80, .min = 0, .max = 99}};
  Setting<Seconds> check_interval{*this, "check_interval", {
      .help = "Time between two looks at the newest sample.", .help_ja = "最新の記録を調べる間隔。", .preset = 30s, .min = 1s, .max = 1h}};
  Setting<Text> webhook{*this, "webhook", {
      .help = "URL that gets each notice by HTTP POST, as JSON; https is verified by the system's authorities. Empty: none.",
      .help_ja = "通知を JSON として HTTP POST する URL。https は証明書を検証する。空なら使わない。"}};
  Setting<Texts> command{*this, "command", {
      .help = "Program, by its whole path, and its arguments: run for each notice, with JSON on its input and HIKYAKU_ALARM, HIKYAKU_CHANGE, HIKYAKU_VALUE, HIKYAKU_LIMIT, HIKYAKU_TEXT and HIKYAKU_HOST in its environment. It is confined: it reads the system and its own folder, writes only the data folder's `alarm`, and has a minute. Empty: none.",
      .help_ja = "通知ごとに実行するプログラム(絶対パス)と引数。標準入力に JSON、環境変数 HIKYAKU_ALARM、HIKYAKU_CHANGE、HIKYAKU_VALUE、HIKYAKU_LIMIT、HIKYAKU_TEXT、HIKYAKU_HOST が渡る。閉じ込められており、読めるのはシステムと自身のフォルダ、書けるのはデータフォルダの alarm だけで、制限時間は 1 分。空なら使わない。",
      .takes_effect = TakesEffect::ServiceRestart}};
  Setting<Text> syslog{*this, "syslog", {
      .help = "Socket of the system's log, \"/dev/log\": each notice is a line there, facility mail. Empty: none.", .help_ja = "syslog のソケット(\"/dev/log\")。通知を facility mail の 1 行として送る。空なら使わない。"}};
  Setting<Text> language{*this, "language", {
      .help = "Language of the notices of command and syslog; the webhook gets both.", .help_ja = "command と syslog の通知の言語。webhook には両方を渡す。",
      .preset = "english", .choices = {"english", "japanese"}}};
};

}  // namespace hikyaku::settings
