import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dash from '@grafana/grafana-foundation-sdk/dashboard';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as HeatmapBuilder,
  RowsHeatmapOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { forGrafana } from '../expand.ts';
import { errorClasses, requestClassNames } from '../../domain/error-class.ts';
import { responsible } from '../../domain/incident.ts';
import { factsOf, incidentKindNames } from '../../domain/incident-kind.ts';
import {
  type PanelColumn,
  columnWidth,
  LEAST_TEXT,
  type Panel,
  panelId,
  type PanelKind,
  type Unit,
  type TitledWords,
} from '../panel.ts';
import { columnLink, panelLinks } from './links.ts';
import { target } from './query.ts';
import { grafanaUnit } from './units.ts';

export interface PanelPlace {
  source: common.DataSourceRef;
  docsUrl: string;
  dashboardUid: string;
}

/**
 * Makes a Grafana panel from the panel model. Each call makes a new builder, because a builder can build only one
 * object.
 */
export function panelBuilder(panel: Panel, place: PanelPlace): Builder<dash.Panel> {
  return builders[panel.kind](panel, place);
}

const builders: Readonly<Record<PanelKind, (panel: Panel, place: PanelPlace) => Builder<dash.Panel>>> = {
  timeseries: timeSeries,
  bars: timeSeries,
  stat,
  heatmap,
  table,
  incidents: table,
};

/**
 * Rates are shown as plain numbers, with the period on the axis: Grafana's own unit reads "c/m", and a custom unit
 * would not shorten thousands.
 */
const per: Readonly<Partial<Record<Unit, string>>> = {
  per_second: 'per second',
  per_minute: 'per minute',
};

function timeSeries(panel: Panel, place: PanelPlace): Builder<dash.Panel> {
  const bars = panel.kind === 'bars';
  const builder = dressed(new TimeseriesBuilder(), panel, place)
    .withTarget(target('timeseries', forGrafana(panel.sql)))
    .displayName(panel.columns === undefined ? '${__field.labels.series}' : '')
    .drawStyle(bars ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .lineWidth(bars ? 0 : 2)
    .fillOpacity(bars ? 85 : 8)
    .showPoints(common.VisibilityMode.Auto)
    .axisSoftMin(0)
    .axisLabel(per[panel.unit] ?? '')
    .stacking(
      new common.StackingConfigBuilder()
        .mode(panel.stacked === true ? common.StackingMode.Normal : common.StackingMode.None)
        .group('A'),
    )
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (panel.minStep !== undefined) builder.interval(`${panel.minStep}s`);
  if (panel.color === 'by_name') builder.colorScheme(scheme(dash.FieldColorModeId.PaletteClassicByName));
  else if (panel.color !== undefined) builder.colorScheme(scheme(dash.FieldColorModeId.Shades, panel.color));
  if (panel.thresholds !== undefined) {
    builder.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  }
  if (panel.columns !== undefined) {
    for (const column of panel.columns) {
      builder.overrideByName(column.name, [
        { id: 'displayName', value: column.title },
        { id: 'unit', value: grafanaUnit(column.unit) },
        ...colorOf(panel.colors?.[column.name]),
      ]);
    }
  } else {
    // Grafana sets names before colours. It names a series by its number column and label, or by the label alone; in
    // both cases the name ends with the series.
    for (const [name, color] of Object.entries(panel.colors ?? {})) {
      builder.overrideByRegexp(`/(^|[ "=])${name}["}]*$/`, colorOf(color));
    }
  }
  return builder;
}

function scheme(mode: dash.FieldColorModeId, fixedColor?: string): dash.FieldColorBuilder {
  const builder = new dash.FieldColorBuilder().mode(mode);
  return fixedColor === undefined ? builder : builder.fixedColor(fixedColor);
}

function stat(panel: Panel, place: PanelPlace): Builder<dash.Panel> {
  return dressed(new StatBuilder(), panel, place)
    .withTarget(target('table', forGrafana(panel.sql)))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(
      panel.thresholds === undefined ? common.BigValueColorMode.None : common.BigValueColorMode.Background,
    )
    .textMode(common.BigValueTextMode.Value);
}

function heatmap(panel: Panel, place: PanelPlace): Builder<dash.Panel> {
  const builder = dressed(new HeatmapBuilder(), panel, place)
    .withTarget(target('timeseries', forGrafana(panel.sql)))
    .calculate(false)
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(common.HeatmapCellLayout.Le))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges'));
  if (panel.minStep !== undefined) builder.interval(`${panel.minStep}s`);
  for (const { name, title } of panel.columns ?? [])
    builder.overrideByName(name, [{ id: 'displayName', value: title }]);
  return builder;
}

function table(panel: Panel, place: PanelPlace): Builder<dash.Panel> {
  const builder = dressed(new TableBuilder(), panel, place)
    .withTarget(target('table', forGrafana(panel.sql)))
    .cellHeight(common.TableCellHeight.Sm)
    .showHeader(true);
  for (const column of panel.columns ?? [])
    builder.overrideByName(column.name, columnProperties(column, place));
  return builder;
}

function columnProperties(column: PanelColumn, place: PanelPlace): dash.DynamicConfigValue[] {
  const width = columnWidth(column);
  const wraps = column.wraps === true || width === null;
  return [
    { id: 'displayName', value: column.title },
    { id: 'unit', value: grafanaUnit(column.unit) },
    { id: 'custom.filterable', value: column.unit === 'text' },
    // Without this, an empty cell would show the panel's text for no rows.
    { id: 'noValue', value: '–' },
    ...(width === null
      ? [{ id: 'custom.minWidth', value: LEAST_TEXT }]
      : [{ id: 'custom.width', value: width }]),
    ...(column.link === undefined ? [] : [{ id: 'links', value: [columnLink(column.link, place)] }]),
    ...(column.words === undefined ? [] : [{ id: 'mappings', value: [titlesOf(column.words)] }]),
    // Grafana 11 reads this setting of the cell, Grafana 12 and later that of the column.
    ...(wraps
      ? [
          { id: 'custom.cellOptions', value: { type: 'auto', wrapText: true } },
          { id: 'custom.wrapText', value: true },
        ]
      : []),
  ];
}

/** Shows words of faultline by their titles. The value of the cell stays the word, so links still get the word. */
function titlesOf(words: TitledWords): dash.ValueMap {
  const titles: Record<TitledWords, Readonly<Record<string, string>>> = {
    class: Object.fromEntries(requestClassNames.map((name) => [name, errorClasses[name].title])),
    kind: Object.fromEntries(incidentKindNames.map((name) => [name, factsOf(name).title])),
    party: responsible,
  };
  const options = Object.entries(titles[words]).map(
    ([name, text], index) => [name, { text, index }] as const,
  );
  return { type: dash.MappingType.ValueToText, options: Object.fromEntries(options) };
}

interface Dressable {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(source: common.DataSourceRef): this;
  span(columns: number): this;
  height(rows: number): this;
  unit(unit: string): this;
  noValue(text: string): this;
  thresholds(thresholds: Builder<dash.ThresholdsConfig>): this;
  links(links: Builder<dash.DashboardLink>[]): this;
}

/** Settings that all panels have, whatever they draw. */
function dressed<B extends Dressable>(builder: B, panel: Panel, place: PanelPlace): B {
  builder
    .id(panelId(panel))
    .title(panel.title)
    .description(panel.description)
    .datasource(place.source)
    .span(panel.width)
    .height(panel.height)
    .unit(grafanaUnit(panel.unit))
    .links(panelLinks(panel.links ?? [], place))
    .thresholds(
      new dash.ThresholdsConfigBuilder()
        .mode(dash.ThresholdsMode.Absolute)
        .steps([{ value: null, color: 'green' }, ...(panel.thresholds ?? [])]),
    );
  if (panel.empty !== undefined) builder.noValue(panel.empty);
  return builder;
}

function colorOf(color: string | undefined): dash.DynamicConfigValue[] {
  return color === undefined ? [] : [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }];
}
