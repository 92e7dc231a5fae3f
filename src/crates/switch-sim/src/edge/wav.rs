//! Recordings: 8 kHz 16-bit wav files with two voices of tones, so that players and wave forms have
//! something to show.

use std::path::Path;

use crate::rng::Rng;

const RATE: u64 = 8000;
/// Longer recordings are cut; nobody needs hours of tones.
const MAX_MILLIS: u64 = 10 * 60 * 1000;

/// Writes a recording; the first channel is what the leg says, the second what it hears. Turns of 0.6 to 3 s.
pub(crate) fn write(path: &Path, millis: u64, stereo: bool, seed: u64) -> Result<(), hound::Error> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let channels = if stereo { 2 } else { 1 };
    let spec = hound::WavSpec {
        channels,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    let mut rng = Rng::new(seed);
    let total = millis.min(MAX_MILLIS) * RATE / 1000;
    let (mut at, mut first_speaks) = (0, true);
    while at < total {
        let turn = (rng.between(600, 3000) * RATE / 1000).min(total - at);
        let pitch = if first_speaks {
            rng.between(28, 45)
        } else {
            rng.between(48, 70)
        } * 4;
        let syllable = syllable(pitch as f32);
        let mut samples = writer.get_i16_writer((turn * u64::from(channels)) as u32);
        for sample in syllable.iter().cycle().take(turn as usize) {
            let (one, two) = if first_speaks { (*sample, 0) } else { (0, *sample) };
            if stereo {
                samples.write_sample(one);
                samples.write_sample(two);
            } else {
                samples.write_sample(one + two);
            }
        }
        samples.flush()?;
        at += turn;
        first_speaks = !first_speaks;
    }
    writer.finalize()
}

/// A hummed syllable of a quarter of a second: a tone with two overtones that swells and fades. With a pitch
/// that is a multiple of 4 Hz it can be repeated without a click.
fn syllable(pitch: f32) -> Vec<i16> {
    let sample = |n: u64| {
        let t = n as f32 / RATE as f32;
        let tone = |factor: f32| (std::f32::consts::TAU * pitch * factor * t).sin();
        let swell = 0.5 - 0.5 * (std::f32::consts::TAU * 4.0 * t).cos();
        ((tone(1.0) + 0.5 * tone(2.0) + 0.25 * tone(3.0)) * swell * 4500.0) as i16
    };
    (0..RATE / 4).map(sample).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_recording_has_its_length_and_both_voices() {
        let directory = std::env::temp_dir().join(format!("switch-sim-wav-{}", std::process::id()));
        let path = directory.join("deep/file.wav");
        super::write(&path, 4000, true, 7).unwrap();
        let mut reader = hound::WavReader::open(&path).unwrap();
        assert_eq!(
            (
                reader.spec().channels,
                reader.spec().sample_rate,
                reader.duration()
            ),
            (2, 8000, 32_000)
        );
        let samples: Vec<i16> = reader.samples().collect::<Result<_, _>>().unwrap();
        assert!(
            samples.iter().step_by(2).any(|s| *s != 0) && samples.iter().skip(1).step_by(2).any(|s| *s != 0)
        );
        std::fs::remove_dir_all(directory).unwrap();
    }
}
