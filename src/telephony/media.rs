//! Built-in sounds: made by code at start, so that a fresh installation plays something everywhere.
//!
//! Names carry a hash of the content. The switch keeps a file for a month (httapi.conf) and never plays an old
//! one, because another content has another name.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::io::Cursor;

use bytes::Bytes;
use hound::{SampleFormat, WavSpec, WavWriter};
use sha2::{Digest as _, Sha256};

use super::plan::hex;

/// What phones speak: no transcoding of the rate.
const RATE: u32 = 8000;

/// A sound in memory.
#[derive(Debug, Clone)]
pub struct Sound {
    /// The whole wav file.
    pub wav: Bytes,
    /// Hash of the content, hex.
    pub hash: String,
}

/// All built-in sounds, by file name.
#[derive(Debug, Clone)]
pub struct Media {
    by_file: BTreeMap<String, Sound>,
    files: BTreeMap<&'static str, String>,
}

impl Media {
    /// Makes the sounds; takes a few milliseconds.
    pub fn built_in() -> Result<Self, hound::Error> {
        let mut by_file = BTreeMap::new();
        let mut files = BTreeMap::new();
        for (name, samples) in [("hold", hold()), ("closed", closed()), ("wait", wait())] {
            let wav = wav(&samples)?;
            let hash = hex(&Sha256::digest(&wav)[..8]);
            let file = format!("{name}-{hash}.wav");
            files.insert(name, file.clone());
            by_file.insert(
                file,
                Sound {
                    wav: wav.into(),
                    hash,
                },
            );
        }
        Ok(Self { by_file, files })
    }

    /// The sound of this file name.
    pub fn get(&self, file: &str) -> Option<&Sound> {
        self.by_file.get(file)
    }

    /// Names of the sounds and the addresses at which a switch fetches them; for `PlanSource::sounds`.
    pub fn sounds(&self, control_url: &str, server_id: i64) -> BTreeMap<String, String> {
        let base = control_url.trim_end_matches('/');
        let url = |file: &String| format!("{base}/switch/{server_id}/media/{file}");
        self.files
            .iter()
            .map(|(name, file)| ((*name).to_owned(), url(file)))
            .collect()
    }
}

fn wav(samples: &[f64]) -> Result<Vec<u8>, hound::Error> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::with_capacity(44 + samples.len() * 2));
    let mut writer = WavWriter::new(&mut file, spec)?;
    for sample in samples {
        writer.write_sample((sample.clamp(-1.0, 1.0) * f64::from(i16::MAX)) as i16)?;
    }
    writer.finalize()?;
    Ok(file.into_inner())
}

fn silence(secs: f64) -> Vec<f64> {
    vec![0.0; (secs * f64::from(RATE)) as usize]
}

/// Adds a note that swells and fades, with a soft octave above.
fn note(into: &mut [f64], start_secs: f64, secs: f64, hz: f64, volume: f64) {
    let first = (start_secs * f64::from(RATE)) as usize;
    let count = (secs * f64::from(RATE)) as usize;
    for (index, sample) in into.iter_mut().skip(first).take(count).enumerate() {
        let t = index as f64 / f64::from(RATE);
        let swell = (t / 0.03).min(1.0) * (-2.5 * t / secs).exp() * ((secs - t) / 0.05).min(1.0);
        *sample += volume * swell * ((TAU * hz * t).sin() + 0.25 * (TAU * 2.0 * hz * t).sin());
    }
}

/// Sixteen seconds of a slow pentatonic tune over two bass notes; its end leads into its beginning.
fn hold() -> Vec<f64> {
    const TUNE: [f64; 16] = [
        523.25, 659.25, 783.99, 659.25, 587.33, 783.99, 880.0, 783.99, 659.25, 587.33, 523.25, 440.0, 523.25,
        587.33, 659.25, 392.0,
    ];
    const BASS: [f64; 8] = [261.63, 196.0, 220.0, 196.0, 261.63, 220.0, 196.0, 196.0];
    let mut samples = silence(16.0);
    for (beat, hz) in TUNE.into_iter().enumerate() {
        note(&mut samples, beat as f64, 1.0, hz, 0.16);
    }
    for (bar, hz) in BASS.into_iter().enumerate() {
        note(&mut samples, bar as f64 * 2.0, 2.0, hz, 0.10);
    }
    samples
}

/// Three falling tones, twice: nobody is there.
fn closed() -> Vec<f64> {
    let mut samples = silence(3.2);
    for round in 0..2 {
        for (step, hz) in [659.25, 523.25, 392.0].into_iter().enumerate() {
            note(
                &mut samples,
                f64::from(round) * 1.6 + step as f64 * 0.4,
                0.4,
                hz,
                0.25,
            );
        }
    }
    samples
}

/// Two soft rising tones: you are still in the queue.
fn wait() -> Vec<f64> {
    let mut samples = silence(1.2);
    note(&mut samples, 0.0, 0.5, 523.25, 0.22);
    note(&mut samples, 0.5, 0.7, 659.25, 0.22);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sound_is_8_khz_mono_16_bit_audible_and_not_clipped() {
        let media = Media::built_in().unwrap();
        assert_eq!(media.by_file.len(), 3);
        for (file, sound) in &media.by_file {
            let mut reader = hound::WavReader::new(Cursor::new(&sound.wav)).unwrap();
            let spec = reader.spec();
            assert_eq!(
                (spec.sample_rate, spec.channels, spec.bits_per_sample),
                (8000, 1, 16),
                "{file}"
            );
            let loudest = reader
                .samples::<i16>()
                .map(|sample| sample.unwrap().unsigned_abs())
                .max()
                .unwrap();
            assert!((4000..30_000).contains(&loudest), "{file}: {loudest}");
        }
    }

    #[test]
    fn names_follow_the_content_and_are_the_same_after_a_restart() {
        let (one, two) = (Media::built_in().unwrap(), Media::built_in().unwrap());
        assert_eq!(one.files, two.files);
        let url = &one.sounds("http://127.0.0.1:8088/", 7)["hold"];
        let file = url.strip_prefix("http://127.0.0.1:8088/switch/7/media/").unwrap();
        assert!(one.get(file).is_some() && domain::plan::words::is_sound(url));
    }
}
