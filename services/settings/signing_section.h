// The section about signing outgoing mail (DKIM). Which key signs for which domain is in the directory.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct SigningSection : Section {
  SigningSection() : Section("signing", "DKIM signatures of outgoing mail; keys are made with `hikyaku dkim key add`.", "送信メールの DKIM 署名。鍵は hikyaku dkim key add で作る。") {}
  Setting<Text> when_away{*this, "when_away", {
      .help = "What becomes of mail that must be signed while the service signer does not answer: \"defer\" keeps it, and its retry clock stands still; \"unsigned\" sends it without a signature.",
      .help_ja = "signer サービスが応答しない間の、署名が必要なメールの扱い。\"defer\" は待たせ(再送期限の時計も止まる)、\"unsigned\" は署名なしで送る。",
      .preset = "defer", .choices = {"defer", "unsigned"}}};
  Setting<Seconds> check_interval{*this, "check_interval", {
      .help = "Time between two looks in DNS for the records of keys that are prepared to take over.", .help_ja = "使用開始を待つ鍵のレコードを DNS で調べる間隔。",
      .preset = 5min, .min = 1s, .max = 24h}};
  Setting<Seconds> settle_time{*this, "settle_time", {
      .help = "How long DNS must have shown the record of a prepared key, at every look, before it signs: all of the zone's servers must have it.",
      .help_ja = "準備した鍵のレコードが DNS で見え続けてから、その鍵で署名を始めるまでの時間。ゾーンの全サーバに行き渡るのを待つ。",
      .preset = 1h, .min = 0s, .max = 168h}};
  Setting<Seconds> keep_record{*this, "keep_record", {
      .help = "How long the DNS record of a retired key should stay published: mail that it signed may still be under way. `hikyaku dkim key list` tells when it is over.",
      .help_ja = "引退した鍵の DNS レコードを残しておく期間。その鍵で署名したメールがまだ配送中かもしれないため。期間の終わりは hikyaku dkim key list に出る。",
      .preset = 168h, .min = 0s, .max = 8'760h}};
};

}  // namespace hikyaku::settings
